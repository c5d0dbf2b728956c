// Two tenants of the npm package oidc-provider on one port. The test states the people, and how they sign in.
//
//   node serve.mjs '{"port": 1, "tenants": {"indus": {"clients": […], "settings": {…}}}}'
//
// PUT /people/{sub} states the claims of a person, and under "login" what is said of their sign-in (amr, acr, ts).
// POST /{tenant}/interaction/{uid} signs a person in (sub=…), or cancels without one.
import { generateKeyPairSync } from 'node:crypto';
import http from 'node:http';
import Provider from 'oidc-provider';

const { port, tenants } = JSON.parse(process.argv[2]);
const host = `127.0.0.1:${port}`;
const people = new Map();
const kinds = [['rsa', { modulusLength: 2048 }], ['ec', { namedCurve: 'P-256' }], ['ed25519', {}]];
const keys = kinds.map(([kind, options]) => ({
  use: 'sig',
  ...generateKeyPairSync(kind, options).privateKey.export({ format: 'jwk' }),
}));

function makeTenant(name, { clients, settings }) {
  const provider = new Provider(`http://${host}/${name}`, {
    clients,
    claims: { openid: ['sub', 'acr', 'amr'], email: ['email', 'email_verified'] },
    jwks: { keys },
    cookies: { keys: ['a key of the tests only'] },
    pkce: { required: () => true },
    features: { devInteractions: { enabled: false } },
    interactions: { url: (ctx, interaction) => `/${name}/interaction/${interaction.uid}` },
    findAccount: (ctx, sub) => ({ accountId: sub, claims: () => ({ sub, ...people.get(sub).claims }) }),
    loadExistingGrant: async (ctx) => {
      const { client, session } = ctx.oidc;
      const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
      grant.addOIDCScope('openid email');
      await grant.save();
      return grant;
    },
    ...settings,
  });
  provider.on('server_error', (ctx, error) => console.error(error));
  return provider;
}

const served = Object.fromEntries(Object.entries(tenants).map(([name, given]) => [name, makeTenant(name, given)]));

async function read(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts).toString();
}

async function interact(provider, request, response) {
  if (request.method === 'GET') {
    const { prompt } = await provider.interactionDetails(request, response);
    response.setHeader('Content-Type', 'application/json');
    response.end(JSON.stringify(prompt));
    return;
  }
  const sub = new URLSearchParams(await read(request)).get('sub');
  const result = sub ? { login: { accountId: sub, ...people.get(sub).login } } : { error: 'access_denied' };
  await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
}

http.createServer(async (request, response) => {
  const [, first, second] = request.url.split('/');
  if (first === 'people') {
    const { login = {}, ...claims } = JSON.parse(await read(request));
    people.set(decodeURIComponent(second), { claims, login });
    response.end();
  } else if (second === 'interaction') {
    await interact(served[first], request, response);
  } else if (served[first]) {
    request.originalUrl = request.url;
    request.url = request.url.slice(first.length + 1);
    served[first].callback()(request, response);
  } else {
    response.end();
  }
}).listen(port, '127.0.0.1');
