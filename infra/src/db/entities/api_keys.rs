use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel, serde::Serialize)]
#[sea_orm(table_name = "api_keys")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub org_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub owner_id: Uuid,
    pub name: String,
    pub service_id: Option<String>,
    pub reach: String,
    pub scopes: Json,
    pub allowed_ips: Json,
    pub allowed_user_ids: Option<Json>,
    pub allowed_resources: Option<Json>,
    pub include_refresh_token: bool,
    pub allowed_connections: Option<Json>,
    pub public_key: Option<Json>,
    pub proxy_rules: Option<Json>,
    pub requests_per_minute: Option<i64>,
    pub prefix: String,
    pub is_active: bool,
    pub expires_at: Option<DateTimeUtc>,
    pub last_used_at: Option<DateTimeUtc>,
    pub version: i64,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl crate::db::OrgOwned for Entity {
    const ORG: Column = Column::OrgId;
}

impl crate::db::Edited for Entity {
    const ID: Column = Column::Id;
    const VERSION: Column = Column::Version;
    const UPDATED_AT: Column = Column::UpdatedAt;
}
