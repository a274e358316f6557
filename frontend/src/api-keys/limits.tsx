import { Field, Input, Radio, RadioGroup, Switch, Textarea } from "@fluentui/react-components";

import type { FieldErrors } from "../lib/field-errors";
import { useMay } from "../lib/me";
import { useWords } from "../text/text";
import { publicKeyOf, rulesOf, type KeyDraft } from "./draft";
import { ConnectionPicker, PeoplePicker } from "./people-picker";

interface LimitsProps {
  readonly draft: KeyDraft;
  readonly change: (part: Partial<KeyDraft>) => void;
  readonly errors: FieldErrors;
}

/** What a key may be held to, for whom it matters. */
export function Limits({ draft, change, errors }: LimitsProps) {
  const { text } = useWords();
  const mayManage = useMay("api-keys:manage");
  const maySeeConnections = useMay("connections:read");
  return (
    <>
      <Field label={text.apiKeys.allowedIps} hint={text.apiKeys.allowedIpsHint} validationMessage={errors("allowedIps") ?? null}>
        <Textarea value={draft.allowedIps} onChange={(_, { value }) => change({ allowedIps: value })} />
      </Field>
      <Field
        label={text.apiKeys.allowedResources}
        hint={text.apiKeys.allowedResourcesHint}
        validationMessage={errors("allowedResources") ?? null}
      >
        <Textarea value={draft.allowedResources} onChange={(_, { value }) => change({ allowedResources: value })} />
      </Field>
      {maySeeConnections && (
        <ConnectionPicker
          error={errors("allowedConnections")}
          chosen={draft.allowedConnections}
          onChange={(allowedConnections) => change({ allowedConnections })}
        />
      )}
      <Field
        label={text.apiKeys.proxyRules}
        hint={text.apiKeys.proxyRulesHint}
        validationMessage={rulesOf(draft.proxyRules) === undefined ? text.apiKeys.proxyRulesWrong : (errors("proxyRules") ?? null)}
      >
        <Textarea spellCheck={false} value={draft.proxyRules} onChange={(_, { value }) => change({ proxyRules: value })} />
      </Field>
      <Field
        label={text.apiKeys.jwePublicKey}
        hint={text.apiKeys.jwePublicKeyHint}
        validationMessage={publicKeyOf(draft.jwePublicKey) === undefined ? text.apiKeys.jwePublicKeyWrong : (errors("jwePublicKey") ?? null)}
      >
        <Textarea spellCheck={false} value={draft.jwePublicKey} onChange={(_, { value }) => change({ jwePublicKey: value })} />
      </Field>
      <Field
        label={text.apiKeys.requestsPerMinute}
        hint={text.apiKeys.requestsPerMinuteHint}
        validationMessage={errors("requestsPerMinute") ?? null}
      >
        <Input
          type="number"
          min={1}
          max={60_000}
          value={draft.requestsPerMinute}
          onChange={(_, { value }) => change({ requestsPerMinute: value })}
        />
      </Field>
      {mayManage && (
        <>
          <Field label={text.apiKeys.role} validationMessage={errors("role") ?? null}>
            <RadioGroup value={draft.role} onChange={(_, { value }) => change({ role: value === "admin" ? "admin" : "user" })}>
              <Radio value="user" label={text.apiKeys.roles.user} />
              <Radio value="admin" label={text.apiKeys.roles.admin} />
            </RadioGroup>
          </Field>
          <PeoplePicker
            error={errors("allowedUserIds")}
            chosen={draft.allowedUserIds}
            onChange={(allowedUserIds) => change({ allowedUserIds })}
          />
        </>
      )}
      <Field hint={text.apiKeys.includeRefreshTokenHint} validationMessage={errors("includeRefreshToken") ?? null}>
        <Switch
          label={text.apiKeys.includeRefreshToken}
          checked={draft.includeRefreshToken}
          onChange={(_, { checked }) => change({ includeRefreshToken: checked })}
        />
      </Field>
    </>
  );
}
