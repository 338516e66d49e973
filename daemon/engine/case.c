#include "engine/case.h"

#include <assert.h>

#include "base/damm.h"

#define CASE_SPAN INT64_C(100000000)    /* eight digits */
/* A unit modulo CASE_SPAN (it ends in 9), near its golden section: neighbours
 * come far apart.  The offset keeps 0 from being the first number. */
#define CASE_STRIDE INT64_C(61803399)
#define CASE_OFFSET INT64_C(12305678)

int64_t case_number(int series, int64_t n)
{
    char digits[9];
    int64_t spread;
    int64_t left;

    assert(series >= 1 && series <= 9 && n >= 0 && n < CASE_SPAN);
    spread = (n * CASE_STRIDE + CASE_OFFSET) % CASE_SPAN;
    left = spread;
    for (int i = 8; i >= 1; i--) {
        digits[i] = (char)('0' + left % 10);
        left /= 10;
    }
    digits[0] = (char)('0' + series);
    return (series * CASE_SPAN + spread) * 10 + (damm_digit(digits, sizeof digits) - '0');
}
