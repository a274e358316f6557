use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel, serde::Serialize)]
#[sea_orm(table_name = "api_key_secrets")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub org_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub key_id: Uuid,
    pub prefix: String,
    pub pepper_key_id: String,
    pub digest: Vec<u8>,
    pub data_key_id: Uuid,
    pub wire_key: Vec<u8>,
    pub expires_at: Option<DateTimeUtc>,
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
    const SEALED: &'static [Column] = &[Column::WireKey];
}
