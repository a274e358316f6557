//! `tenantry admin …`: who the service's own staff are.

use clap::Subcommand;
use domain::access::AccountSummary;

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
    /// The e-mail address of somebody who has signed in here once; or the id of their account or membership.
    who: String,
    /// End it, with effect on the next request.
    #[arg(long)]
    revoke: bool,
    /// Why; it is kept with the event.
    #[arg(long, default_value = "by tenantry admin grant")]
    reason: String,
}

pub(super) async fn run(config: &Config, command: Command) -> anyhow::Result<()> {
    let app = App::build(config, Parts::system()).await?;
    match command {
        Command::Grant(grant) => {
            let account = app.operator.appoint(&grant.who, !grant.revoke, &grant.reason).await?;
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

/// The id, which is what counts, and the addresses, which a person knows.
fn named(account: &AccountSummary) -> String {
    let emails = if account.emails.is_empty() { "no address".to_owned() } else { account.emails.join(", ") };
    format!("{} ({emails})", account.id)
}
