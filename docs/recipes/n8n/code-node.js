// n8n, Code node, "Run Once for All Items", JavaScript. The node before it is an HTTP Request node that got
// GET /api/external/tokens. TENANTRY_WIRE_KEY stands in n8n's environment, and NODE_FUNCTION_ALLOW_BUILTIN=crypto.
const crypto = require("crypto");

const key = crypto.createHash("sha256").update($env.TENANTRY_WIRE_KEY).digest();

function decrypt(buffer) {
  const bytes = Buffer.from(buffer.data);
  const decipher = crypto.createDecipheriv("aes-256-cbc", key, bytes.subarray(0, 16));
  return Buffer.concat([decipher.update(bytes.subarray(16)), decipher.final()]).toString("utf8");
}

const found = [];
for (const item of items) {
  for (const account of item.json.accounts) {
    if (!Array.isArray(account.accessToken.data)) continue; // it gives no token: see account.status
    found.push({
      json: {
        id: account.id,
        provider: account.provider,
        status: account.status,
        expiresAt: account.expiresAt,
        accessToken: decrypt(account.accessToken),
      },
    });
  }
}
return found;
