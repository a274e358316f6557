//! API keys in the database.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::{
    access::{ApiKeyDirectory, OrgScope, Subject},
    api_keys::{
        AllowedAddresses, ApiKey, ApiKeyError, ApiKeyReader, ApiKeyRepository, ApiKeySecret, ApiKeyUse,
        ApiKeyUseLog, ApiKeyWithSecret, Outcome, Peppered, PublicKey, Reach,
    },
    id::{ApiKeyId, ApiKeySecretId, ApiKeyUseId, ConnectionId, OrgId, TypedId, UserId},
    page::{Page, PageRequest},
    secret::Sealed,
    store::StoreError,
};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, DbErr, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
    QueryTrait, Select, sea_query::Expr,
};
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::db::{
    Constraint, Database, Lookup, Unit, api_key_secrets, api_key_uses, api_keys, lookups, place, store_error,
    violated,
};

/// How long uses are kept.
const KEPT: chrono::TimeDelta = chrono::TimeDelta::days(90);

fn unknown(column: &str) -> StoreError {
    StoreError::Unexpected(format!("{column} holds what this version does not know").into())
}

fn texts(value: &Value, column: &str) -> Result<Vec<String>, StoreError> {
    let items = value.as_array().into_iter().flatten();
    items.map(|item| item.as_str().map(str::to_owned).ok_or_else(|| unknown(column))).collect()
}

fn ids<T: TypedId>(value: Option<&Value>, column: &str) -> Result<Option<Vec<T>>, StoreError> {
    let id = |text: String| text.parse().map(T::from_uuid).map_err(|_| unknown(column));
    value.map(|value| texts(value, column)?.into_iter().map(id).collect()).transpose()
}

fn api_key(row: api_keys::Model) -> Result<ApiKey, StoreError> {
    let allowed_ips = texts(&row.allowed_ips, "api_keys.allowed_ips")?;
    let resources = row.allowed_resources.as_ref();
    let public_key = row.public_key.map(|key| {
        let jwk = serde_json::from_value(key).map_err(|_| unknown("api_keys.public_key"))?;
        PublicKey::parse(jwk).map_err(|_| unknown("api_keys.public_key"))
    });
    let rules = row
        .proxy_rules
        .map(|rules| serde_json::from_value(rules).map_err(|_| unknown("api_keys.proxy_rules")));
    Ok(ApiKey {
        id: ApiKeyId::from_uuid(row.id),
        owner_id: UserId::from_uuid(row.owner_id),
        name: row.name,
        service_id: row.service_id,
        reach: Reach::parse(&row.reach).ok_or_else(|| unknown("api_keys.reach"))?,
        scopes: texts(&row.scopes, "api_keys.scopes")?,
        allowed_ips: AllowedAddresses::parse(allowed_ips).map_err(|_| unknown("api_keys.allowed_ips"))?,
        allowed_user_ids: ids::<UserId>(row.allowed_user_ids.as_ref(), "api_keys.allowed_user_ids")?,
        allowed_resources: resources.map(|list| texts(list, "api_keys.allowed_resources")).transpose()?,
        allowed_connections: ids::<ConnectionId>(
            row.allowed_connections.as_ref(),
            "api_keys.allowed_connections",
        )?,
        include_refresh_token: row.include_refresh_token,
        public_key: public_key.transpose()?,
        proxy_rules: rules.transpose()?,
        requests_per_minute: row.requests_per_minute.and_then(|number| number.try_into().ok()),
        prefix: row.prefix,
        is_active: row.is_active,
        expires_at: row.expires_at,
        last_used_at: row.last_used_at,
        version: row.version,
        created_at: row.created_at,
        updated_at: row.updated_at,
    })
}

fn api_key_use(row: api_key_uses::Model) -> Result<ApiKeyUse, StoreError> {
    Ok(ApiKeyUse {
        id: ApiKeyUseId::from_uuid(row.id),
        key_id: ApiKeyId::from_uuid(row.key_id),
        method: row.method,
        path: row.path,
        outcome: Outcome::parse(&row.outcome).ok_or_else(|| unknown("api_key_uses.outcome"))?,
        ip: row.ip,
        count: row.count.try_into().unwrap_or_default(),
        first_at: row.first_at,
        last_at: row.last_at,
    })
}

#[async_trait]
impl ApiKeyReader for Unit {
    async fn get(&self, id: ApiKeyId) -> Result<Option<ApiKey>, StoreError> {
        let query = self.scoped().find::<api_keys::Entity>().filter(api_keys::Column::Id.eq(id.uuid()));
        self.one(query).await.map_err(store_error)?.map(api_key).transpose()
    }

    async fn list(&self, owner: Option<UserId>, page: PageRequest) -> Result<Page<ApiKey>, StoreError> {
        let mut rows = self.scoped().find::<api_keys::Entity>();
        if let Some(owner) = owner {
            rows = rows.filter(api_keys::Column::OwnerId.eq(owner.uuid()));
        }
        self.page(rows, page).await.map_err(store_error)?.try_map(api_key)
    }

    async fn find_by_secret(&self, id: ApiKeySecretId) -> Result<Option<ApiKeyWithSecret>, StoreError> {
        use api_key_secrets::{Column, Entity};
        let row = self.scoped().find::<Entity>().filter(Column::Id.eq(id.uuid()));
        let Some(row) = row.one(&self.connection).await.map_err(store_error)? else { return Ok(None) };
        let key_id = ApiKeyId::from_uuid(row.key_id);
        let Some(key) = ApiKeyReader::get(self, key_id).await? else { return Ok(None) };
        let wire_key = Sealed::in_place(place::<Entity>(Column::WireKey, row.id), row.wire_key);
        let secret = ApiKeySecret {
            id,
            key_id,
            prefix: row.prefix,
            digest: Peppered { ring_key: row.pepper_key_id, digest: row.digest },
            expires_at: row.expires_at,
            created_at: row.created_at,
        };
        Ok(Some(ApiKeyWithSecret { key, secret, wire_key }))
    }

    async fn list_uses(&self, id: ApiKeyId, page: PageRequest) -> Result<Page<ApiKeyUse>, StoreError> {
        use api_key_uses::{Column, Entity};
        let mut rows = self.scoped().find::<Entity>().filter(Column::KeyId.eq(id.uuid()));
        if let Some(after) = page.after {
            rows = rows.filter(Column::Id.lt(after));
        }
        let rows = rows.order_by_desc(Column::Id).limit(u64::from(page.limit) + 1);
        let rows = rows.all(&self.connection).await.map_err(store_error)?;
        Page::from_surplus(rows, page.limit, |row| row.id).try_map(api_key_use)
    }
}

#[async_trait]
impl ApiKeyRepository for Unit {
    async fn add(&self, key: &ApiKey) -> Result<(), ApiKeyError> {
        let row = api_keys::ActiveModel {
            id: Set(key.id.uuid()),
            owner_id: Set(key.owner_id.uuid()),
            name: Set(key.name.clone()),
            service_id: Set(key.service_id.clone()),
            reach: Set(key.reach.as_str().to_owned()),
            scopes: Set(json!(key.scopes)),
            allowed_ips: Set(json!(key.allowed_ips.texts())),
            allowed_user_ids: Set(key.allowed_user_ids.as_ref().map(|users| json!(users))),
            allowed_resources: Set(key.allowed_resources.as_ref().map(|resources| json!(resources))),
            allowed_connections: Set(key.allowed_connections.as_ref().map(|connections| json!(connections))),
            include_refresh_token: Set(key.include_refresh_token),
            public_key: Set(key.public_key.as_ref().map(|key| json!(key.jwk()))),
            proxy_rules: Set(key.proxy_rules.as_ref().map(|rules| json!(rules))),
            requests_per_minute: Set(key.requests_per_minute.map(Into::into)),
            prefix: Set(key.prefix.clone()),
            is_active: Set(key.is_active),
            expires_at: Set(key.expires_at),
            last_used_at: Set(None),
            version: Set(key.version),
            created_at: Set(key.created_at),
            updated_at: Set(key.updated_at),
            ..Default::default()
        };
        match self.scoped().insert(row).exec_without_returning(&self.connection).await {
            Ok(_) => Ok(()),
            Err(error) if violated(&error) == Some(Constraint::ForeignKey) => Err(ApiKeyError::UnknownUser),
            Err(error) => Err(store_error(error).into()),
        }
    }

    async fn add_secret(&self, secret: &ApiKeySecret, wire_key: &SecretString) -> Result<(), ApiKeyError> {
        use api_key_secrets::{ActiveModel, Column, Entity};
        let id = secret.id.uuid();
        let key = self.sealing_key().await?;
        let wire_key = self.seal_with(&key, place::<Entity>(Column::WireKey, id), wire_key)?;
        let row = ActiveModel {
            id: Set(id),
            key_id: Set(secret.key_id.uuid()),
            prefix: Set(secret.prefix.clone()),
            pepper_key_id: Set(secret.digest.ring_key.clone()),
            digest: Set(secret.digest.digest.clone()),
            data_key_id: Set(key.id()),
            wire_key: Set(wire_key),
            expires_at: Set(secret.expires_at),
            created_at: Set(secret.created_at),
            ..Default::default()
        };
        self.scoped().insert(row).exec_without_returning(&self.connection).await.map_err(store_error)?;
        lookups::add(self, Lookup::ApiKey, &secret.prefix, id).await.map_err(store_error)?;
        self.touch(Subject::ApiKey(secret.key_id));
        Ok(())
    }

    async fn end_secrets(
        &self,
        id: ApiKeyId,
        but: ApiKeySecretId,
        at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        use api_key_secrets::{Column, Entity};
        let later = Condition::any().add(Column::ExpiresAt.is_null()).add(Column::ExpiresAt.gt(at));
        self.scoped()
            .update::<Entity>()
            .filter(Column::KeyId.eq(id.uuid()))
            .filter(Column::Id.ne(but.uuid()))
            .filter(later)
            .col_expr(Column::ExpiresAt, Expr::value(at))
            .exec(&self.connection)
            .await
            .map_err(store_error)?;
        self.touch(Subject::ApiKey(id));
        Ok(())
    }

    async fn set_prefix(&self, id: ApiKeyId, prefix: &str) -> Result<(), StoreError> {
        let update =
            self.edit::<api_keys::Entity>(id).col_expr(api_keys::Column::Prefix, Expr::value(prefix));
        update.exec(&self.connection).await.map_err(store_error)?;
        self.touch(Subject::ApiKey(id));
        Ok(())
    }

    async fn set_digest(&self, id: ApiKeySecretId, digest: &Peppered) -> Result<(), StoreError> {
        use api_key_secrets::{Column, Entity};
        self.scoped()
            .update::<Entity>()
            .filter(Column::Id.eq(id.uuid()))
            .col_expr(Column::PepperKeyId, Expr::value(digest.ring_key.clone()))
            .col_expr(Column::Digest, Expr::value(digest.digest.clone()))
            .exec(&self.connection)
            .await
            .map_err(store_error)?;
        Ok(())
    }

    async fn revoke(&self, id: ApiKeyId) -> Result<bool, StoreError> {
        let update =
            self.edit::<api_keys::Entity>(id).col_expr(api_keys::Column::IsActive, Expr::value(false));
        let updated = update.exec(&self.connection).await.map_err(store_error)?;
        self.touch(Subject::ApiKey(id));
        Ok(updated.rows_affected > 0)
    }

    async fn remove(&self, id: ApiKeyId) -> Result<bool, StoreError> {
        use api_key_secrets::{Column, Entity};
        let secrets = self.scoped().find::<Entity>().filter(Column::KeyId.eq(id.uuid()));
        let secrets = secrets.all(&self.connection).await.map_err(store_error)?;
        let targets: Vec<_> = secrets.into_iter().map(|secret| (secret.prefix, secret.id)).collect();
        lookups::remove(self, Lookup::ApiKey, &targets).await.map_err(store_error)?;
        let delete = self.scoped().delete::<api_keys::Entity>().filter(api_keys::Column::Id.eq(id.uuid()));
        let deleted = delete.exec(&self.connection).await.map_err(store_error)?;
        self.touch(Subject::ApiKey(id));
        Ok(deleted.rows_affected > 0)
    }

    async fn count_peppered(&self, ring_key: &str) -> Result<u64, StoreError> {
        let active = api_keys::Column::IsActive.eq(true);
        let peppered = self.peppered(ring_key).into_query();
        let rows =
            self.scoped().find::<api_keys::Entity>().filter(api_keys::Column::Id.in_subquery(peppered));
        rows.filter(active).count(&self.connection).await.map_err(store_error)
    }

    async fn revoke_peppered(&self, ring_key: &str) -> Result<u64, StoreError> {
        let mut revoked = 0;
        let ids: Vec<uuid::Uuid> =
            self.peppered(ring_key).into_tuple().all(&self.connection).await.map_err(store_error)?;
        for id in ids {
            revoked += u64::from(self.revoke(ApiKeyId::from_uuid(id)).await?);
        }
        Ok(revoked)
    }
}

impl Unit {
    /// The ids of the keys that have a secret with the pepper of a key of the ring.
    fn peppered(&self, ring_key: &str) -> Select<api_key_secrets::Entity> {
        use api_key_secrets::{Column, Entity};
        let secrets = self.scoped().find::<Entity>().filter(Column::PepperKeyId.eq(ring_key));
        secrets.select_only().column(Column::KeyId).distinct()
    }

    async fn write_use(&self, entry: &ApiKeyUse) -> Result<(), DbErr> {
        let row = api_key_uses::ActiveModel {
            id: Set(entry.id.uuid()),
            key_id: Set(entry.key_id.uuid()),
            method: Set(entry.method.clone()),
            path: Set(entry.path.clone()),
            outcome: Set(entry.outcome.as_str().to_owned()),
            ip: Set(entry.ip.clone()),
            count: Set(i64::try_from(entry.count).unwrap_or(i64::MAX)),
            first_at: Set(entry.first_at),
            last_at: Set(entry.last_at),
            ..Default::default()
        };
        self.scoped().insert(row).exec_without_returning(&self.connection).await?;
        if entry.outcome == Outcome::Allowed {
            // The row keeps its version: nothing about the key has changed.
            use api_keys::{Column, Entity};
            let earlier =
                Condition::any().add(Column::LastUsedAt.is_null()).add(Column::LastUsedAt.lt(entry.last_at));
            self.scoped()
                .update::<Entity>()
                .filter(Column::Id.eq(entry.key_id.uuid()))
                .filter(earlier)
                .col_expr(Column::LastUsedAt, Expr::value(entry.last_at))
                .exec(&self.connection)
                .await?;
        }
        Ok(())
    }

    async fn prune_uses(&self, key: ApiKeyId, before: DateTime<Utc>) -> Result<(), DbErr> {
        use api_key_uses::{Column, Entity};
        let old = self.scoped().delete::<Entity>().filter(Column::KeyId.eq(key.uuid()));
        old.filter(Column::LastAt.lt(before)).exec(&self.connection).await?;
        Ok(())
    }
}

#[async_trait]
impl ApiKeyUseLog for Database {
    async fn write(&self, scope: &OrgScope, uses: &[ApiKeyUse]) -> Result<(), StoreError> {
        let unit = self.changing(scope).await?;
        let mut keys: Vec<ApiKeyId> = uses.iter().map(|entry| entry.key_id).collect();
        keys.sort_unstable();
        keys.dedup();
        let mut known = Vec::new();
        for key in keys {
            // It stays until this is written, or is gone already.
            if ApiKeyReader::get(&unit, key).await?.is_some() {
                known.push(key);
            }
        }
        for entry in uses.iter().filter(|entry| known.contains(&entry.key_id)) {
            unit.write_use(entry).await.map_err(store_error)?;
        }
        let before = unit.ids.clock().now() - KEPT;
        for key in known {
            unit.prune_uses(key, before).await.map_err(store_error)?;
        }
        unit.commit_log().await
    }
}

#[async_trait]
impl ApiKeyDirectory for Database {
    async fn candidates(&self, prefix: &str) -> Result<Vec<(OrgId, ApiKeySecretId)>, StoreError> {
        let found = lookups::find(&self.global(), Lookup::ApiKey, prefix).await.map_err(store_error)?;
        Ok(found.into_iter().map(|(org_id, id)| (org_id, ApiKeySecretId::from_uuid(id))).collect())
    }
}
