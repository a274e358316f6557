use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "sessions")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub account_id: Uuid,
    pub org_id: Uuid,
    pub user_id: Uuid,
    pub method: String,
    pub is_email_verified: bool,
    pub authenticated_at: Option<DateTimeUtc>,
    pub granted_role: Option<String>,
    pub granted_until: Option<DateTimeUtc>,
    pub refresh_id: Uuid,
    pub previous_refresh_id: Option<Uuid>,
    pub rotated_at: Option<DateTimeUtc>,
    pub user_agent: Option<String>,
    pub ip: Option<String>,
    pub created_at: DateTimeUtc,
    pub last_active_at: DateTimeUtc,
    pub expires_at: DateTimeUtc,
    pub ended_at: Option<DateTimeUtc>,
    pub end_reason: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl crate::db::AccountOwned for Entity {
    const ACCOUNT: Column = Column::AccountId;
}
