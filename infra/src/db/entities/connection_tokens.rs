use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel, serde::Serialize)]
#[sea_orm(table_name = "connection_tokens")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub org_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub connection_id: Uuid,
    pub resource: String,
    pub scopes: Json,
    pub data_key_id: Uuid,
    pub access_token: Vec<u8>,
    pub issued_at: DateTimeUtc,
    pub expires_at: DateTimeUtc,
    pub refresh_at: DateTimeUtc,
    pub used_at: Option<DateTimeUtc>,
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
    const SEALED: &'static [Column] = &[Column::AccessToken];
}
