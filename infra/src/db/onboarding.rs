//! Ways to consent and the links that invite to them. Their tables are global: whoever comes has no organization yet.
//! Of what a browser or a link holds there are digests only.

use async_trait::async_trait;
use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use domain::{
    id::{OrgId, TypedId},
    organizations::onboarding::{
        Attempt, AttemptStore, Invitation, InvitationList, InvitationStore, NewAttempt, NewInvitation, Used,
    },
    store::StoreError,
};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, DbErr, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait, sea_query::Expr,
};
use uuid::Uuid;

use super::{
    Connection, Database,
    entities::{onboarding_attempts as attempts, onboarding_invitations as invitations},
    store_error,
};

/// The secrets have 256 bits, so a plain digest tells nothing about them.
fn digest_of(secret: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA256, secret.as_bytes()))
}

fn attempt(row: attempts::Model) -> Attempt {
    Attempt {
        id: row.id,
        tenant: row.tenant,
        invitation: row.invitation_id,
        initiator: row.initiator,
        org_id: row.org_id.map(OrgId::from_uuid),
        answer: row.answer,
    }
}

/// An invitation that was neither used nor taken back.
fn not_ended() -> Condition {
    use invitations::Column;
    Condition::all().add(Column::AcceptedAt.is_null()).add(Column::WithdrawnAt.is_null())
}

fn invitation(row: invitations::Model) -> Invitation {
    Invitation {
        id: row.id,
        tenant: row.tenant,
        note: row.note,
        created_by: row.created_by,
        created_at: row.created_at,
        expires_at: row.expires_at,
        accepted_at: row.accepted_at,
        org_id: row.org_id.map(OrgId::from_uuid),
        withdrawn_at: row.withdrawn_at,
    }
}

#[expect(clippy::disallowed_methods, reason = "global tables: whoever comes has no organization yet")]
impl Database {
    async fn use_state_row(&self, state: &str, browser: &str, now: DateTime<Utc>) -> Result<Used, DbErr> {
        let connection = self.global_writer();
        let own = || attempts::Column::BrowserDigest.eq(digest_of(browser));
        let used = attempts::Entity::update_many()
            .filter(attempts::Column::StateDigest.eq(digest_of(state)))
            .filter(own())
            .filter(attempts::Column::UsedAt.is_null())
            .filter(attempts::Column::ExpiresAt.gt(now))
            .col_expr(attempts::Column::UsedAt, Expr::value(now))
            .exec(&connection)
            .await?;
        let row = attempts::Entity::find()
            .filter(attempts::Column::StateDigest.eq(digest_of(state)))
            .filter(own())
            .one(&connection)
            .await?;
        Ok(match row {
            Some(row) if used.rows_affected == 1 => Used::Now(attempt(row)),
            Some(row) if row.used_at.is_some() => Used::Before(attempt(row)),
            Some(_) | None => Used::Not,
        })
    }
}

/// Deletes ways whose time was over before then.
#[expect(clippy::disallowed_methods, reason = "a global table: whoever comes has no organization yet")]
pub(crate) async fn forget_attempts(connection: &Connection, before: DateTime<Utc>) -> Result<u64, DbErr> {
    let old = attempts::Entity::delete_many().filter(attempts::Column::ExpiresAt.lt(before));
    Ok(old.exec(connection).await?.rows_affected)
}

/// Forgets that an organization was connected by a link.
#[expect(
    clippy::disallowed_methods,
    reason = "a global table: a link is made before there is an organization"
)]
pub(crate) async fn forget_invitations_of(connection: &Connection, org_id: OrgId) -> Result<(), DbErr> {
    let theirs = invitations::Entity::update_many().filter(invitations::Column::OrgId.eq(org_id.uuid()));
    let none = Expr::value(Option::<Uuid>::None);
    theirs.col_expr(invitations::Column::OrgId, none).exec(connection).await?;
    Ok(())
}

/// Deletes the ways that led to an organization.
#[expect(clippy::disallowed_methods, reason = "a global table: whoever comes has no organization yet")]
pub(crate) async fn forget_attempts_of(connection: &Connection, org_id: OrgId) -> Result<(), DbErr> {
    let theirs = attempts::Entity::delete_many().filter(attempts::Column::OrgId.eq(org_id.uuid()));
    theirs.exec(connection).await?;
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "a global table: whoever comes has no organization yet")]
#[async_trait]
impl AttemptStore for Database {
    async fn begin(&self, new: &NewAttempt<'_>) -> Result<(), StoreError> {
        let row = attempts::ActiveModel {
            id: Set(new.id),
            state_digest: Set(digest_of(new.state)),
            browser_digest: Set(digest_of(new.browser)),
            tenant: Set(new.tenant),
            invitation_id: Set(new.invitation),
            initiator: Set(new.initiator),
            org_id: Set(None),
            answer: Set(None),
            used_at: Set(None),
            expires_at: Set(new.expires_at),
        };
        let connection = self.global_writer();
        attempts::Entity::insert(row).exec_without_returning(&connection).await.map_err(store_error)?;
        Ok(())
    }

    async fn use_state(&self, state: &str, browser: &str, now: DateTime<Utc>) -> Result<Used, StoreError> {
        self.use_state_row(state, browser, now).await.map_err(store_error)
    }

    async fn of_browser(&self, browser: &str) -> Result<Option<Attempt>, StoreError> {
        let row = attempts::Entity::find()
            .filter(attempts::Column::BrowserDigest.eq(digest_of(browser)))
            .one(&self.global())
            .await
            .map_err(store_error)?;
        Ok(row.map(attempt))
    }

    async fn answer(&self, id: Uuid, answer: &str, org_id: Option<OrgId>) -> Result<(), StoreError> {
        attempts::Entity::update_many()
            .filter(attempts::Column::Id.eq(id))
            .col_expr(attempts::Column::Answer, Expr::value(answer))
            .col_expr(attempts::Column::OrgId, Expr::value(org_id.map(TypedId::uuid)))
            .exec(&self.global_writer())
            .await
            .map_err(store_error)?;
        Ok(())
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a global table: a link is made before there is an organization"
)]
#[async_trait]
impl InvitationStore for Database {
    async fn add(&self, new: &NewInvitation<'_>) -> Result<(), StoreError> {
        let row = invitations::ActiveModel {
            id: Set(new.id),
            digest: Set(digest_of(new.text)),
            tenant: Set(new.tenant),
            note: Set(new.note.to_owned()),
            created_by: Set(Some(new.created_by.to_owned())),
            created_at: Set(new.created_at),
            expires_at: Set(new.expires_at),
            accepted_at: Set(None),
            org_id: Set(None),
            withdrawn_at: Set(None),
        };
        let connection = self.global_writer();
        invitations::Entity::insert(row).exec_without_returning(&connection).await.map_err(store_error)?;
        Ok(())
    }

    async fn find(&self, text: &str) -> Result<Option<Invitation>, StoreError> {
        let row = invitations::Entity::find()
            .filter(invitations::Column::Digest.eq(digest_of(text)))
            .one(&self.global())
            .await
            .map_err(store_error)?;
        Ok(row.map(invitation))
    }

    async fn get(&self, id: Uuid) -> Result<Option<Invitation>, StoreError> {
        let found = invitations::Entity::find().filter(invitations::Column::Id.eq(id));
        Ok(found.one(&self.global()).await.map_err(store_error)?.map(invitation))
    }

    async fn list(&self, limit: u64, offset: u64) -> Result<InvitationList, StoreError> {
        let connection = self.global();
        let total = invitations::Entity::find().count(&connection).await.map_err(store_error)?;
        let rows = invitations::Entity::find()
            .order_by_desc(invitations::Column::Id)
            .offset(offset)
            .limit(limit)
            .all(&connection)
            .await
            .map_err(store_error)?;
        Ok(InvitationList { items: rows.into_iter().map(invitation).collect(), total })
    }

    async fn accept(&self, id: Uuid, org_id: OrgId, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let accepted = invitations::Entity::update_many()
            .filter(invitations::Column::Id.eq(id))
            .filter(not_ended())
            .col_expr(invitations::Column::AcceptedAt, Expr::value(now))
            .col_expr(invitations::Column::OrgId, Expr::value(org_id.uuid()))
            .exec(&self.global_writer())
            .await
            .map_err(store_error)?;
        Ok(accepted.rows_affected == 1)
    }

    async fn accept_of(&self, org_id: OrgId, now: DateTime<Utc>) -> Result<(), StoreError> {
        let arrived = attempts::Entity::find()
            .select_only()
            .column(attempts::Column::InvitationId)
            .filter(attempts::Column::OrgId.eq(org_id.uuid()))
            .filter(attempts::Column::InvitationId.is_not_null())
            .into_query();
        invitations::Entity::update_many()
            .filter(invitations::Column::Id.in_subquery(arrived))
            .filter(not_ended())
            .col_expr(invitations::Column::AcceptedAt, Expr::value(now))
            .col_expr(invitations::Column::OrgId, Expr::value(org_id.uuid()))
            .exec(&self.global_writer())
            .await
            .map(|_| ())
            .map_err(store_error)
    }

    async fn withdraw(&self, id: Uuid, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let withdrawn = invitations::Entity::update_many()
            .filter(invitations::Column::Id.eq(id))
            .filter(not_ended())
            .col_expr(invitations::Column::WithdrawnAt, Expr::value(now))
            .exec(&self.global_writer())
            .await
            .map_err(store_error)?;
        Ok(withdrawn.rows_affected == 1)
    }
}
