use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "onboarding_attempts")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub state_digest: String,
    pub browser_digest: String,
    pub tenant: Option<Uuid>,
    pub invitation_id: Option<Uuid>,
    pub initiator: Option<Uuid>,
    pub org_id: Option<Uuid>,
    pub answer: Option<String>,
    pub used_at: Option<DateTimeUtc>,
    pub expires_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
