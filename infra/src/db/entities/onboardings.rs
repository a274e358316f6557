use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel, serde::Serialize)]
#[sea_orm(table_name = "onboardings")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub org_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub granted: Json,
    pub missing: Json,
    pub reported_scopes: Json,
    pub consented_by: Option<Uuid>,
    pub verify_until: Option<DateTimeUtc>,
    pub checked_at: Option<DateTimeUtc>,
    pub finding: Option<String>,
    pub domains: Json,
    pub tenant_type: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl crate::db::OrgOwned for Entity {
    const ORG: Column = Column::OrgId;
}
