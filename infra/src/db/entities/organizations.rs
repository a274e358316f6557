use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "organizations")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub origin_key: String,
    pub azure_tenant_id: Option<Uuid>,
    pub name: String,
    pub folded_name: String,
    pub name_source: String,
    pub status: String,
    pub status_reason: Option<String>,
    pub consented_at: Option<DateTimeUtc>,
    pub consent: String,
    pub deleted_at: Option<DateTimeUtc>,
    pub default_domain: Option<String>,
    pub folded_domain: Option<String>,
    pub default_taxonomy_id: Option<Uuid>,
    pub config: Json,
    pub version: i64,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
