//! Sessions in the database.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::{
    access::{Role, Subject},
    id::{AccountId, OrgId, SessionId, TypedId, UserId},
    identity::{
        Device, EndReason, GrantedRole, RefreshFamily, Session, SessionReader, SessionRepository,
        SignInMethod,
    },
    page::{Page, PageRequest},
    store::StoreError,
};
use sea_orm::{ActiveValue::Set, ColumnTrait, QueryFilter, QueryOrder, QuerySelect, Select, sea_query::Expr};
use uuid::Uuid;

use crate::db::{
    AccountUnit,
    sessions::{ActiveModel, Column, Entity, Model},
    store_error,
};

pub(crate) fn session(row: Model) -> Result<Session, StoreError> {
    let unknown = |column: &str, word: &str| {
        StoreError::Unexpected(
            format!("sessions.{column} holds {word:?}, which this version does not know").into(),
        )
    };
    let granted_role = match (row.granted_role, row.granted_until) {
        (Some(word), Some(until)) => {
            let role = Role::parse(&word).ok_or_else(|| unknown("granted_role", &word))?;
            Some(GrantedRole { role, until })
        }
        _ => None,
    };
    let ended = match &row.end_reason {
        Some(word) => Some(EndReason::parse(word).ok_or_else(|| unknown("end_reason", word))?),
        None => None,
    };
    Ok(Session {
        id: SessionId::from_uuid(row.id),
        account_id: AccountId::from_uuid(row.account_id),
        org_id: OrgId::from_uuid(row.org_id),
        user_id: UserId::from_uuid(row.user_id),
        method: SignInMethod::parse(&row.method).ok_or_else(|| unknown("method", &row.method))?,
        is_email_verified: row.is_email_verified,
        authenticated_at: row.authenticated_at,
        granted_role,
        refresh: RefreshFamily {
            current: row.refresh_id,
            previous: row.previous_refresh_id,
            rotated_at: row.rotated_at,
        },
        device: Device { user_agent: row.user_agent, ip: row.ip.and_then(|ip| ip.parse().ok()) },
        created_at: row.created_at,
        last_active_at: row.last_active_at,
        expires_at: row.expires_at,
        ended,
    })
}

impl AccountUnit {
    /// The account's sessions that go on.
    fn live_sessions(&self) -> Select<Entity> {
        self.scoped()
            .find::<Entity>()
            .filter(Column::EndedAt.is_null())
            .filter(Column::ExpiresAt.gt(self.unit.ids.clock().now()))
    }
}

#[async_trait]
impl SessionReader for AccountUnit {
    async fn list(&self, page: PageRequest) -> Result<Page<Session>, StoreError> {
        let mut rows = self.live_sessions().order_by_desc(Column::Id).limit(u64::from(page.limit) + 1);
        if let Some(after) = page.after {
            rows = rows.filter(Column::Id.lt(after));
        }
        let rows = rows.all(self.connection()).await.map_err(store_error)?;
        Page::from_surplus(rows, page.limit, |row| row.id).try_map(session)
    }
}

#[async_trait]
impl SessionRepository for AccountUnit {
    async fn add(&self, session: &Session) -> Result<(), StoreError> {
        let row = ActiveModel {
            id: Set(session.id.uuid()),
            org_id: Set(self.unit.org_id().uuid()),
            user_id: Set(session.user_id.uuid()),
            method: Set(session.method.as_str().to_owned()),
            is_email_verified: Set(session.is_email_verified),
            authenticated_at: Set(session.authenticated_at),
            granted_role: Set(session.granted_role.map(|granted| granted.role.as_str().to_owned())),
            granted_until: Set(session.granted_role.map(|granted| granted.until)),
            refresh_id: Set(session.refresh.current),
            previous_refresh_id: Set(session.refresh.previous),
            rotated_at: Set(session.refresh.rotated_at),
            user_agent: Set(session.device.user_agent.clone()),
            ip: Set(session.device.ip.map(|ip| ip.to_string())),
            created_at: Set(session.created_at),
            last_active_at: Set(session.last_active_at),
            expires_at: Set(session.expires_at),
            ended_at: Set(None),
            end_reason: Set(None),
            ..Default::default()
        };
        let insert = self.scoped().insert(row).exec_without_returning(self.connection());
        insert.await.map(|_| ()).map_err(store_error)
    }

    async fn rotate(
        &self,
        id: SessionId,
        from: Uuid,
        to: Uuid,
        expires_at: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let now = self.unit.ids.clock().now();
        let updated = self
            .scoped()
            .update::<Entity>()
            .filter(Column::Id.eq(id.uuid()))
            .filter(Column::RefreshId.eq(from))
            .col_expr(Column::RefreshId, Expr::value(to))
            .col_expr(Column::PreviousRefreshId, Expr::value(from))
            .col_expr(Column::RotatedAt, Expr::value(now))
            .col_expr(Column::LastActiveAt, Expr::value(now))
            .col_expr(Column::ExpiresAt, Expr::value(expires_at))
            .exec(self.connection())
            .await
            .map_err(store_error)?;
        Ok(updated.rows_affected > 0)
    }

    async fn end(&self, id: SessionId, reason: EndReason) -> Result<bool, StoreError> {
        let updated = self
            .scoped()
            .update::<Entity>()
            .filter(Column::Id.eq(id.uuid()))
            .filter(Column::EndedAt.is_null())
            .col_expr(Column::EndedAt, Expr::value(self.unit.ids.clock().now()))
            .col_expr(Column::EndReason, Expr::value(reason.as_str()))
            .exec(self.connection())
            .await
            .map_err(store_error)?;
        let has_ended = updated.rows_affected > 0;
        if has_ended {
            self.unit.touch(Subject::Session(id));
        }
        Ok(has_ended)
    }

    async fn end_all(&self, but: Option<SessionId>, reason: EndReason) -> Result<Vec<SessionId>, StoreError> {
        let mut going_on = self.live_sessions().select_only().column(Column::Id);
        if let Some(but) = but {
            going_on = going_on.filter(Column::Id.ne(but.uuid()));
        }
        let ids: Vec<Uuid> = going_on.into_tuple().all(self.connection()).await.map_err(store_error)?;
        let mut ended = Vec::with_capacity(ids.len());
        for id in ids.into_iter().map(SessionId::from_uuid) {
            if self.end(id, reason).await? {
                ended.push(id);
            }
        }
        Ok(ended)
    }
}
