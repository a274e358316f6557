//! What is asked before an account is known, and what belongs to nobody: narrow questions over global tables.

use async_trait::async_trait;
use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use domain::{
    id::{AccountId, SessionId, TypedId},
    identity::{AccountDirectory, OutsideIdentity, Session},
    once::Once,
    store::StoreError,
};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QuerySelect, sea_query::OnConflict};

use super::{
    Database,
    entities::{identities, sessions, spent_secrets},
    error::store_error,
};
use crate::sessions::session;

#[async_trait]
impl AccountDirectory for Database {
    async fn account_of(&self, identity: &OutsideIdentity) -> Result<Option<AccountId>, StoreError> {
        #[expect(clippy::disallowed_methods, reason = "asked before there is an account: an id only")]
        let found: Option<uuid::Uuid> = identities::Entity::find()
            .select_only()
            .column(identities::Column::AccountId)
            .filter(identities::Column::Provider.eq(identity.provider.as_str()))
            .filter(identities::Column::Issuer.eq(&identity.issuer))
            .filter(identities::Column::Subject.eq(&identity.subject))
            .into_tuple()
            .one(&self.global())
            .await
            .map_err(store_error)?;
        Ok(found.map(AccountId::from_uuid))
    }

    async fn session(&self, id: SessionId) -> Result<Option<Session>, StoreError> {
        #[expect(
            clippy::disallowed_methods,
            reason = "asked before there is an account: by the id in a token that we signed"
        )]
        let row = sessions::Entity::find()
            .filter(sessions::Column::Id.eq(id.uuid()))
            .one(&self.global())
            .await
            .map_err(store_error)?;
        row.map(session).transpose()
    }
}

#[async_trait]
impl Once for Database {
    async fn spend(
        &self,
        purpose: &'static str,
        secret: &str,
        expires_at: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let row = spent_secrets::ActiveModel {
            purpose: Set(purpose.to_owned()),
            digest: Set(URL_SAFE_NO_PAD.encode(digest(&SHA256, secret.as_bytes()))),
            expires_at: Set(expires_at),
        };
        let key = [spent_secrets::Column::Purpose, spent_secrets::Column::Digest];
        #[expect(clippy::disallowed_methods, reason = "a global table of digests")]
        let inserted = spent_secrets::Entity::insert(row)
            .on_conflict(OnConflict::columns(key).do_nothing().to_owned())
            .exec_without_returning(&self.writer)
            .await
            .map_err(store_error)?;
        #[expect(clippy::disallowed_methods, reason = "a global table of digests")]
        spent_secrets::Entity::delete_many()
            .filter(spent_secrets::Column::ExpiresAt.lt(self.ids.clock().now()))
            .exec(&self.writer)
            .await
            .map_err(store_error)?;
        Ok(inserted == 1)
    }
}
