use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel, serde::Serialize)]
#[sea_orm(table_name = "device_sign_ins")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub org_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub user_id: Uuid,
    pub state: String,
    pub reason: Option<String>,
    pub connection_id: Option<Uuid>,
    pub data_key_id: Option<Uuid>,
    #[serde(skip)]
    pub device_code: Option<Vec<u8>>,
    pub interval_seconds: i64,
    pub poll_at: DateTimeUtc,
    pub expires_at: DateTimeUtc,
    pub created_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl crate::db::OrgOwned for Entity {
    const ORG: Column = Column::OrgId;
}

impl crate::db::SealedRows for Entity {
    const ID: Column = Column::Id;
    const DATA_KEY: Column = Column::DataKeyId;
    const SEALED: &'static [Column] = &[Column::DeviceCode];
}
