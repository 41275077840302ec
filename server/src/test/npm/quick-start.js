// The quick start by the package `ws`, in both dialects: node quick-start.js STANDARD_URL FLAT_URL
// Prints "done" at the end; anything unexpected ends it with an error.
'use strict';
const assert = require('node:assert');
const { randomUUID } = require('node:crypto');
const WebSocket = require('ws');

async function connected(url) {
  const socket = new WebSocket(url);
  const heard = [];
  const waiting = [];
  socket.on('message', (data, binary) => {
    assert.strictEqual(binary, false);
    const message = JSON.parse(data.toString());
    const next = waiting.shift();
    if (next) next(message);
    else heard.push(message);
  });
  await new Promise((resolve, reject) => socket.on('open', resolve).on('error', reject));
  return {
    say: (message) => socket.send(JSON.stringify(message)),
    hear: () => (heard.length ? Promise.resolve(heard.shift()) : new Promise((resolve) => waiting.push(resolve))),
    close: () => new Promise((resolve) => socket.on('close', resolve) && socket.close(1000)),
  };
}

async function standard(url) {
  const client = await connected(url);
  client.say({ type: 'subscribe', topic: 'orders', client_id: 'node', last_n: 5, request_id: 'r1' });
  assert.strictEqual((await client.hear()).request_id, 'r1');
  const id = randomUUID();
  client.say({ type: 'publish', topic: 'orders', message: { id, payload: { text: 'Grüße 😀' } }, request_id: 'r2' });
  const ack = await client.hear();
  assert.strictEqual(ack.type, 'ack');
  const event = await client.hear();
  assert.strictEqual(event.type, 'event');
  assert.deepStrictEqual(event.message, { id, payload: { text: 'Grüße 😀' } });
  client.say({ type: 'ping', request_id: 'r3' });
  assert.strictEqual((await client.hear()).type, 'pong');
  assert.strictEqual(await client.close(), 1000);
}

async function flat(url) {
  const client = await connected(url);
  assert.match((await client.hear()).message, /^Connected with client_id: /);
  client.say({ type: 'subscribe', topic: 'orders', last_n: 0 });
  assert.strictEqual((await client.hear()).message, "Subscribed to topic 'orders'");
  client.say({ type: 'publish', topic: 'orders', data: { n: 1 } });
  assert.strictEqual((await client.hear()).message, 'Published to 1 subscriber(s)');
  assert.deepStrictEqual((await client.hear()).data, { n: 1 });
  assert.strictEqual(await client.close(), 1000);
}

setTimeout(() => assert.fail('not done within 20 s'), 20_000).unref();
standard(process.argv[2])
  .then(() => flat(process.argv[3]))
  .then(() => console.log('done'));
