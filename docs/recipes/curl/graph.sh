#!/usr/bin/env bash
# Who a connected account is, in three ways. TENANTRY is the service's address, API_KEY an API key with tokens:read and
# proxy:graph, CONNECTION the id of a connection that the key sees.
set -euo pipefail
field() { python3 -c "import sys, json; print(json.load(sys.stdin)$1)"; }

# 1. Without a token: the request goes through the hub.
curl -fsS "$TENANTRY/api/proxy/$CONNECTION/graph/v1.0/me" -H "Authorization: ApiKey $API_KEY" | field '["userPrincipalName"]'

# 2. With a token of its own, which lasts at least ten minutes.
TOKEN=$(curl -fsS "$TENANTRY/api/connections/$CONNECTION/token?resource=graph&minTtl=600" \
  -H "Authorization: ApiKey $API_KEY" | field '["data"]["accessToken"]')
curl -fsS "${GRAPH:-https://graph.microsoft.com}/v1.0/me" -H "Authorization: Bearer $TOKEN" | field '["userPrincipalName"]'

# 3. By OAuth 2.0, as a tool does that knows nothing else. The client id is the id of the key.
TOKEN=$(curl -fsS "$TENANTRY/oauth/token" -u "$API_KEY_ID:$API_KEY" \
  -d grant_type=client_credentials --data-urlencode "scope=graph connection:$CONNECTION" | field '["access_token"]')
curl -fsS "${GRAPH:-https://graph.microsoft.com}/v1.0/me" -H "Authorization: Bearer $TOKEN" | field '["userPrincipalName"]'
