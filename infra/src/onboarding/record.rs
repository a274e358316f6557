//! The record of an organization's consent.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::{
    access::Subject,
    id::TypedId,
    jobs::Kind,
    organizations::onboarding::{
        AppPermission, Consent, Finding, OnboardingReader, OnboardingRecord, OnboardingRepository,
    },
    store::StoreError,
};
use sea_orm::{ActiveValue::Set, sea_query::OnConflict};
use serde_json::{Value, json};

use crate::db::{
    Unit, jobs,
    onboardings::{ActiveModel, Column, Entity, Model},
    store_error,
};

fn words(list: &Value) -> Vec<String> {
    list.as_array().into_iter().flatten().filter_map(|word| word.as_str().map(str::to_owned)).collect()
}

/// A permission that this version does not know is one that it does not need.
fn permissions(list: &Value) -> Vec<AppPermission> {
    words(list).iter().filter_map(|word| AppPermission::parse(word)).collect()
}

fn names(list: &[AppPermission]) -> Value {
    json!(list.iter().map(|permission| permission.as_str()).collect::<Vec<_>>())
}

fn record(row: &Model) -> OnboardingRecord {
    OnboardingRecord {
        granted: permissions(&row.granted),
        missing: permissions(&row.missing),
        reported_scopes: words(&row.reported_scopes),
        consented_by: row.consented_by,
        verify_until: row.verify_until,
        checked_at: row.checked_at,
        finding: row.finding.as_deref().and_then(Finding::parse),
        domains: words(&row.domains),
        tenant_type: row.tenant_type.clone(),
    }
}

#[async_trait]
impl OnboardingReader for Unit {
    async fn get(&self) -> Result<OnboardingRecord, StoreError> {
        let row = self.scoped().find::<Entity>().one(&self.connection).await;
        Ok(row.map_err(store_error)?.as_ref().map(record).unwrap_or_default())
    }

    async fn next_check_at(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        let mut next = None;
        for kind in [Kind::ConsentProof, Kind::ConsentProbe] {
            let due = jobs::due_at(&self.connection, kind, self.org_id().uuid(), self.org_id());
            next = next.or(due.await.map_err(store_error)?);
        }
        Ok(next)
    }
}

#[async_trait]
impl OnboardingRepository for Unit {
    async fn put(&self, record: &OnboardingRecord) -> Result<(), StoreError> {
        let row = ActiveModel {
            id: Set(self.org_id().uuid()),
            granted: Set(names(&record.granted)),
            missing: Set(names(&record.missing)),
            reported_scopes: Set(json!(record.reported_scopes)),
            consented_by: Set(record.consented_by),
            verify_until: Set(record.verify_until),
            checked_at: Set(record.checked_at),
            finding: Set(record.finding.map(|finding| finding.as_str().to_owned())),
            domains: Set(json!(record.domains)),
            tenant_type: Set(record.tenant_type.clone()),
            ..Default::default()
        };
        let over = OnConflict::columns([Column::OrgId, Column::Id])
            .update_columns([
                Column::Granted,
                Column::Missing,
                Column::ReportedScopes,
                Column::ConsentedBy,
                Column::VerifyUntil,
                Column::CheckedAt,
                Column::Finding,
                Column::Domains,
                Column::TenantType,
            ])
            .to_owned();
        let insert = self.scoped().insert(row).on_conflict(over);
        insert.exec_without_returning(&self.connection).await.map_err(store_error)?;
        self.set_own_domain(record.domains.first().map(String::as_str)).await.map_err(store_error)
    }

    async fn set_consent(&self, consent: Consent, now: DateTime<Utc>) -> Result<(), StoreError> {
        self.set_own_consent(consent, now).await.map_err(store_error)?;
        self.touch(Subject::Organization(self.org_id()));
        Ok(())
    }
}
