//! `tallygate admin`: acts of the operator, who has the shell and the database.

use std::io::Read;

use clap::{Subcommand, ValueEnum};
use control::{Actor, users};
use domain::role::InstanceRole;

use crate::{Config, clock::SystemEntropy, foundation::Foundation};

#[derive(Debug, Subcommand)]
pub enum Admin {
    /// Print a new virtual key for a bundle's `secret_env`. Nothing is stored.
    NewKey,
    /// Create a user; the password is read from standard input.
    CreateUser {
        #[arg(long)]
        email: String,
        #[arg(long)]
        name: String,
        #[arg(long, value_enum, default_value = "user")]
        role: Role,
    },
    /// Set a new password, read from standard input, and end all sessions of the user.
    ResetPassword {
        #[arg(long)]
        email: String,
    },
}

/// [`InstanceRole`] as the command line spells it.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Role {
    User,
    Admin,
    Owner,
}

impl From<Role> for InstanceRole {
    fn from(role: Role) -> Self {
        match role {
            Role::User => Self::User,
            Role::Admin => Self::Admin,
            Role::Owner => Self::Owner,
        }
    }
}

/// Prints a key and nothing else, so that a script can take it.
pub fn new_key() -> anyhow::Result<()> {
    println!("{}", auth::api_key::MadeKey::make(&SystemEntropy).show_once());
    Ok(())
}

pub async fn run(mut config: Config, command: Admin) -> anyhow::Result<()> {
    let foundation = Foundation::lay(&mut config).await?;
    let outcome = act(&foundation, command).await;
    foundation.remove().await?;
    println!("{}", outcome?);
    Ok(())
}

async fn act(foundation: &Foundation, command: Admin) -> anyhow::Result<String> {
    let (control, actor) = (&foundation.control, Actor::operator());
    let refused = |error: control::Error| anyhow::anyhow!("{}", error.into_api());
    match command {
        Admin::NewKey => Ok("a key needs no database".to_owned()),
        Admin::CreateUser { email, name, role } => {
            let user = users::NewUser { email: email.clone(), name, role: role.into(), password: password()? };
            users::create(control, &actor, user).await.map_err(refused)?;
            Ok(format!("created {email}"))
        }
        Admin::ResetPassword { email } => {
            users::reset_password(control, &actor, &email, password()?).await.map_err(refused)?;
            Ok(format!("{email} has a new password and no session"))
        }
    }
}

/// One line from standard input: never an argument, which other users of the machine could read.
fn password() -> anyhow::Result<String> {
    let mut text = String::new();
    std::io::stdin().take(1024).read_to_string(&mut text)?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}
