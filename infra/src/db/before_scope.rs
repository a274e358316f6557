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
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, DbErr, EntityTrait, PaginatorTrait, QueryFilter, QuerySelect,
    sea_query::OnConflict,
};
use uuid::Uuid;

use super::{
    Connection, Database,
    entities::{accounts, identities, sessions, spent_secrets},
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

    async fn is_operator(&self, id: AccountId) -> Result<bool, StoreError> {
        #[expect(clippy::disallowed_methods, reason = "asked before there is a caller: a yes or a no")]
        let found = accounts::Entity::find()
            .filter(accounts::Column::Id.eq(id.uuid()))
            .filter(accounts::Column::OperatorSince.is_not_null())
            .count(&self.global())
            .await
            .map_err(store_error)?;
        Ok(found > 0)
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

/// Deletes some sessions, of whichever account, that ended or ran out before then.
#[expect(clippy::disallowed_methods, reason = "of all accounts: nobody can use these sessions any more")]
pub(crate) async fn forget_sessions(
    connection: &Connection,
    before: DateTime<Utc>,
    at_once: u64,
) -> Result<u64, DbErr> {
    let is_over = Condition::any()
        .add(sessions::Column::ExpiresAt.lt(before))
        .add(sessions::Column::EndedAt.lt(before));
    let some =
        sessions::Entity::find().select_only().column(sessions::Column::Id).filter(is_over).limit(at_once);
    let ids: Vec<Uuid> = some.into_tuple().all(connection).await?;
    if ids.is_empty() {
        return Ok(0);
    }
    let theirs = sessions::Entity::delete_many().filter(sessions::Column::Id.is_in(ids));
    Ok(theirs.exec(connection).await?.rows_affected)
}
