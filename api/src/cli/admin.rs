//! `tenantry admin …`: who the service's own staff are.

use anyhow::bail;
use clap::Subcommand;
use domain::access::{AccountSummary, AppointError, Reason};

use super::print;
use crate::{
    app::{App, Parts},
    config::Config,
};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make somebody an operator, who sees, suspends and deletes organizations; or end that.
    Grant(Grant),
    /// List who the operators are.
    List,
}

#[derive(Debug, clap::Args)]
pub(super) struct Grant {
    /// The id of the account of somebody who has signed in here once, or of their membership. An e-mail address shows
    /// whose it may be; with --revoke it does where it is one account's alone.
    who: String,
    /// End it, with effect on the next request.
    #[arg(long)]
    revoke: bool,
    /// Why; it is kept with the event.
    #[arg(long, default_value = "by tenantry admin grant")]
    reason: Reason,
}

pub(super) async fn run(config: &Config, command: Command) -> anyhow::Result<()> {
    let app = App::build(config, Parts::system()).await?;
    match command {
        Command::Grant(grant) => {
            let appointed = app.operator.appoint(&grant.who, !grant.revoke, &grant.reason).await;
            let account = match appointed {
                Err(AppointError::NotById(found)) => bail!(candidates(&found, grant.revoke)),
                appointed => appointed?,
            };
            let word = if grant.revoke { "no operator" } else { "an operator" };
            print(&format!("{} is {word} now.", named(&account)))?;
        }
        Command::List => {
            for account in app.operator.colleagues().await? {
                let since = account.operator_since.map(|at| at.format("%Y-%m-%d").to_string());
                print(&format!("{}  since {}", named(&account), since.unwrap_or_default()))?;
            }
        }
    }
    app.close().await
}

/// Who could be meant by an address, and how to say which of them is.
fn candidates(found: &[AccountSummary], revoke: bool) -> String {
    let lead = "an address proves nothing about who has it. These accounts do; choose by tenant:".to_owned();
    let each = found.iter().map(|account| candidate(account, revoke));
    std::iter::once(lead).chain(each).collect::<Vec<_>>().join("\n\n")
}

fn candidate(account: &AccountSummary, revoke: bool) -> String {
    let name = account.display_name.as_deref().unwrap_or("no name");
    let flag = if revoke { " --revoke" } else { "" };
    let homes = account.organizations.iter().map(|home| {
        let tenant = home.azure_tenant_id.map_or_else(|| "no tenant".to_owned(), |id| id.to_string());
        format!("    of {}, tenant {tenant}", home.name)
    });
    std::iter::once(format!("  {}  {name}", named(account)))
        .chain(homes)
        .chain([format!("    tenantry admin grant {}{flag}", account.id)])
        .collect::<Vec<_>>()
        .join("\n")
}

/// The id, which is what counts, and the addresses, which a person knows.
fn named(account: &AccountSummary) -> String {
    let emails = if account.emails.is_empty() { "no address".to_owned() } else { account.emails.join(", ") };
    format!("{} ({emails})", account.id)
}
