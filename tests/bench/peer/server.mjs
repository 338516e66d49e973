// The dialogue of tests/bench/plain.dlg on ussd-state-builder with its own PostgreSQL storage.
//
//   node server.mjs HOST DATABASE USER      prints "port N"; serves POST /ussd/web as africastalking sends it
//
// As its README shows it for Africa's Talking, but for one thing: it takes the last input, and `text` holds all
// of them, so the last is cut off here.
import { createServer } from 'node:http';
import { createRequire } from 'node:module';

const require = createRequire(process.cwd() + '/');
const { createApp } = require('ussd-state-builder/sdk');
const { PostgreSQLStorage } = require('ussd-state-builder');

const [host, database, user] = process.argv.slice(2);
const storage = new PostgreSQLStorage({ host, database, user });
const kinds = { 1: 'Old age', 2: 'Widow', 3: 'Disability' };

const app = createApp()
  .state('main', s => s
    .message('333 Govt services\n1 Allowance and money\n2 Passport\n3 Birth certificate\n4 Complaint\n5 Land')
    .on('1').goto('which')
    .on('2').end('This service opens soon.'))
  .state('which', s => s
    .message('Which one?\n1 Old age\n2 Widow\n3 Disability')
    .save('kind')
    .on('1').goto('ask')
    .on('2').goto('ask')
    .on('3').goto('ask'))
  .state('ask', s => s
    .message('Whose allowance? Write the last 4 numbers of the NID card.\nLike 4821')
    .validate(input => { if (input && !/^\d{4}$/.test(input)) throw new Error('Not right.'); return true; })
    .save('nid4')
    .next('done'))
  .state('done', s => s
    .run(async (input, sid, ctx) =>
      `Thank you. Allowance: ${kinds[ctx.sessionData.kind]}, card ${ctx.sessionData.nid4 ?? input}.\n` +
      'The office answers within 30 working days.')
    .end())
  .start('main')
  .storage(storage)
  .timeout(300)
  .logger(null)
  .build();

const server = createServer((req, res) => {
  let body = '';
  req.on('data', chunk => { body += chunk; });
  req.on('end', async () => {
    try {
      const form = new URLSearchParams(body);
      const text = form.get('text') ?? '';
      const page = await app.processInput(form.get('sessionId'), text.slice(text.lastIndexOf('*') + 1));
      res.writeHead(200, { 'Content-Type': 'text/plain; charset=utf-8', 'Content-Length': Buffer.byteLength(page) });
      res.end(page);
    } catch (error) {
      console.error(error);
      res.writeHead(500, { 'Content-Length': 0 });
      res.end();
    }
  });
});

await storage._ensureConnected();       // its table, before the load
server.listen(0, '127.0.0.1', () => console.log(`port ${server.address().port}`));
