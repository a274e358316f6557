use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel, serde::Serialize)]
#[sea_orm(table_name = "connections")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub org_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub user_id: Uuid,
    pub tenant_id: Uuid,
    pub object_id: Uuid,
    pub email: Option<String>,
    // What `email` is compared by, and nothing beside it.
    #[serde(skip)]
    pub folded_email: Option<String>,
    pub display_name: Option<String>,
    pub share_point_host: Option<String>,
    pub status: String,
    pub trouble: Option<String>,
    pub claims: Option<String>,
    pub scopes: Json,
    pub public_client_id: Option<Uuid>,
    // Sealed, and of use to nobody but the service: it is not exported.
    #[serde(skip)]
    pub data_key_id: Option<Uuid>,
    #[serde(skip)]
    pub refresh_token: Option<Vec<u8>>,
    pub grant_expires_at: Option<DateTimeUtc>,
    pub refreshed_at: DateTimeUtc,
    pub paused_until: Option<DateTimeUtc>,
    pub failures: i64,
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

impl crate::db::SealedRows for Entity {
    const ID: Column = Column::Id;
    const DATA_KEY: Column = Column::DataKeyId;
    const SEALED: &'static [Column] = &[Column::RefreshToken];
}
