//! Accounts that are being connected from devices, in the database.

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    access::OrgScope,
    connections::{DeviceReader, DeviceRepository, DeviceSignIn, DeviceState, DeviceTurns, NewDeviceSignIn},
    id::{ConnectionId, DeviceSignInId, TypedId, UserId},
    secret::{SealError, Sealed},
    store::StoreError,
};
use sea_orm::{ActiveValue::Set, ColumnTrait, DbErr, PaginatorTrait, QueryFilter, sea_query::Expr};
use uuid::Uuid;

use crate::db::{Database, Unit, device_sign_ins, place, store_error};

/// The word of [`DeviceState::Waiting`].
const WAITING: &str = "waiting";

fn sign_in(row: &device_sign_ins::Model) -> Result<DeviceSignIn, StoreError> {
    let connection = row.connection_id.map(ConnectionId::from_uuid);
    let state = DeviceState::parse(&row.state, row.reason.as_deref(), connection);
    let state = state.ok_or_else(|| {
        StoreError::Unexpected("device_sign_ins.state holds what this version does not know".into())
    })?;
    Ok(DeviceSignIn {
        id: DeviceSignInId::from_uuid(row.id),
        user_id: UserId::from_uuid(row.user_id),
        state,
        interval: TimeDelta::seconds(row.interval_seconds),
        poll_at: row.poll_at,
        expires_at: row.expires_at,
        created_at: row.created_at,
    })
}

#[async_trait]
impl DeviceReader for Unit {
    async fn get(&self, id: DeviceSignInId) -> Result<Option<DeviceSignIn>, StoreError> {
        use device_sign_ins::{Column, Entity};
        let rows = self.scoped().find::<Entity>().filter(Column::Id.eq(id.uuid()));
        let row = rows.one(&self.connection).await.map_err(store_error)?;
        row.as_ref().map(sign_in).transpose()
    }

    async fn waiting(&self, user: UserId, now: DateTime<Utc>) -> Result<u64, StoreError> {
        use device_sign_ins::{Column, Entity};
        let rows = self.scoped().find::<Entity>().filter(Column::UserId.eq(user.uuid()));
        let rows = rows.filter(Column::State.eq(WAITING)).filter(Column::ExpiresAt.gt(now));
        rows.count(&self.connection).await.map_err(store_error)
    }
}

#[async_trait]
impl DeviceRepository for Unit {
    async fn add(&self, new: &NewDeviceSignIn) -> Result<(), SealError> {
        use device_sign_ins::{ActiveModel, Column, Entity};
        let sign_in = &new.sign_in;
        let key = self.sealing_key().await?;
        let place = place::<Entity>(Column::DeviceCode, sign_in.id.uuid());
        let row = ActiveModel {
            id: Set(sign_in.id.uuid()),
            user_id: Set(sign_in.user_id.uuid()),
            state: Set(sign_in.state.as_str().to_owned()),
            reason: Set(None),
            connection_id: Set(None),
            data_key_id: Set(Some(key.id())),
            device_code: Set(Some(self.seal_with(&key, place, &new.device_code)?)),
            interval_seconds: Set(sign_in.interval.num_seconds()),
            poll_at: Set(sign_in.poll_at),
            expires_at: Set(sign_in.expires_at),
            created_at: Set(sign_in.created_at),
            ..Default::default()
        };
        self.scoped().insert(row).exec_without_returning(&self.connection).await.map_err(store_error)?;
        Ok(())
    }

    async fn finish(&self, id: DeviceSignInId, state: DeviceState) -> Result<(), StoreError> {
        use device_sign_ins::{Column, Entity};
        let (reason, connection) = match state {
            DeviceState::Failed(failure) => (Some(failure.as_str()), None),
            DeviceState::Connected(id) => (None, Some(id.uuid())),
            DeviceState::Waiting | DeviceState::Declined | DeviceState::Expired => (None, None),
        };
        self.scoped()
            .update::<Entity>()
            .filter(Column::Id.eq(id.uuid()))
            .filter(Column::State.eq(WAITING))
            .col_expr(Column::State, Expr::value(state.as_str()))
            .col_expr(Column::Reason, Expr::value(reason))
            .col_expr(Column::ConnectionId, Expr::value(connection))
            .col_expr(Column::DeviceCode, Expr::value(Option::<Vec<u8>>::None))
            .col_expr(Column::DataKeyId, Expr::value(Option::<Uuid>::None))
            .exec(&self.connection)
            .await
            .map_err(store_error)?;
        Ok(())
    }
}

#[async_trait]
impl DeviceTurns for Database {
    async fn take(
        &self,
        scope: &OrgScope,
        sign_in: &DeviceSignIn,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<Option<Sealed>, StoreError> {
        use device_sign_ins::{Column, Entity};
        let unit = self.changing(scope).await?;
        let id = sign_in.id.uuid();
        let taken = unit
            .scoped()
            .update::<Entity>()
            .filter(Column::Id.eq(id))
            .filter(Column::State.eq(WAITING))
            .filter(Column::PollAt.lte(now))
            .col_expr(Column::PollAt, Expr::value(until))
            .exec(&unit.connection)
            .await
            .map_err(store_error)?;
        if taken.rows_affected == 0 {
            return Ok(None);
        }
        let row = unit.scoped().find::<Entity>().filter(Column::Id.eq(id)).one(&unit.connection).await;
        let place = place::<Entity>(Column::DeviceCode, id);
        let sealed = row.map_err(store_error)?.and_then(|row| row.device_code);
        unit.commit_log().await?;
        Ok(sealed.map(|bytes| Sealed::in_place(place, bytes)))
    }

    async fn give_back(
        &self,
        scope: &OrgScope,
        id: DeviceSignInId,
        interval: TimeDelta,
        poll_at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        use device_sign_ins::{Column, Entity};
        let unit = self.changing(scope).await?;
        unit.scoped()
            .update::<Entity>()
            .filter(Column::Id.eq(id.uuid()))
            .col_expr(Column::IntervalSeconds, Expr::value(interval.num_seconds()))
            .col_expr(Column::PollAt, Expr::value(poll_at))
            .exec(&unit.connection)
            .await
            .map_err(store_error)?;
        unit.commit_log().await
    }
}

/// Deletes an organization's that ended before then; how many.
pub(crate) async fn forget_ended(unit: &Unit, before: DateTime<Utc>) -> Result<u64, DbErr> {
    use device_sign_ins::{Column, Entity};
    let ended = unit.scoped().delete::<Entity>().filter(Column::ExpiresAt.lt(before));
    Ok(ended.exec(&unit.connection).await?.rows_affected)
}
