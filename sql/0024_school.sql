-- 0024_school.sql - exam results, for the menus.
--
-- A table that is only read on the day of results: one row for each roll, put
-- in before that day.  Nobody is named in it.

SET LOCAL ROLE kheya_owner;

CREATE TABLE svc.exam_result (
    exam        text        COLLATE "C" NOT NULL CHECK (exam IN ('ssc', 'hsc', 'dakhil', 'alim')),
    board       text        COLLATE "C" NOT NULL CHECK (board ~ '^[a-z]{3}$'),
    year        smallint    NOT NULL CHECK (year BETWEEN 2000 AND 2999),
    roll        text        COLLATE "C" NOT NULL CHECK (roll ~ '^[0-9]{6}$'),
    passed      boolean     NOT NULL,
    gpa         text        NOT NULL DEFAULT '' CHECK (gpa ~ '^([0-5][.][0-9]{2})?$'),
    published   date        NOT NULL,
    PRIMARY KEY (year, exam, board, roll),
    CHECK (passed = (gpa <> ''))
);

CREATE FUNCTION svc.exam_result(exam text, board text, year integer, roll text)
    RETURNS TABLE (passed boolean, gpa text, published date)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$
    SELECT r.passed, r.gpa, r.published
      FROM svc.exam_result r
     WHERE r.year = exam_result.year AND r.exam = exam_result.exam AND r.board = exam_result.board
       AND r.roll = exam_result.roll
$$;
REVOKE ALL ON FUNCTION svc.exam_result(text, text, integer, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION svc.exam_result(text, text, integer, text) TO kheya_menu;
