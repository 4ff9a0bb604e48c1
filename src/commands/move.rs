//! `damso move`: everything in one database into another one of any kind.

use crate::db::{
    Db, Inspection, Row, SchemaState, TABLES, Table, Tx, Value, is_in_use, place, sqlite_file,
};
use anyhow::{Context, bail, ensure};
use futures_util::TryStreamExt;
use std::io::Write;

/// Rows that are written at once, and the bytes after which fewer are.
const BATCH_ROWS: usize = 200;
const BATCH_BYTES: usize = 1 << 20;

/// Copies all, compares all, and only then keeps it.
pub async fn run(from: &str, to: &str, out: &mut impl Write) -> anyhow::Result<()> {
    let (source, target) = (place(from), place(to));
    ready_to_be_left(from)
        .await
        .with_context(|| format!("from {source}"))?;
    ready_to_be_filled(to)
        .await
        .with_context(|| format!("to {target}"))?;
    let from = Db::open(from)
        .await
        .with_context(|| format!("from {source} cannot be opened"))?;
    let to = Db::open(to)
        .await
        .with_context(|| format!("to {target} cannot be opened"))?;
    let moved = everything(&from, &to, out).await;
    from.close().await;
    to.close().await;
    moved.context("nothing was moved")?;
    writeln!(
        out,
        "Everything is in {target}: set DATABASE_URL to it and start Damso. {source} was not changed."
    )?;
    Ok(())
}

/// Refuses a database that is in use, or that this program does not know.
async fn ready_to_be_left(url: &str) -> anyhow::Result<()> {
    if let Some(file) = sqlite_file(url)? {
        ensure!(file.is_file(), "file not found");
        ensure!(
            !is_in_use(&file),
            "a Damso server is using it: stop it first"
        );
    }
    let look = Inspection::at(url).await?;
    let standing = look.standing().await?;
    let servers = look.servers().await?;
    look.close().await;
    match standing {
        SchemaState::Current => {}
        SchemaState::Empty => bail!("it is empty"),
        SchemaState::Behind => bail!(
            "its tables are from an older version: start this version on it once, stop it, then move"
        ),
        SchemaState::Newer => {
            bail!("it was created by a newer version of Damso: use that version to move it")
        }
        SchemaState::Strange => bail!("it contains tables that are not Damso's, or damaged ones"),
    }
    ensure!(
        servers == 0,
        "a Damso server is using it, or was until just now: {STOP}"
    );
    Ok(())
}

const STOP: &str = "stop every server and wait ten seconds";

/// Refuses a database with anything that could be mixed up with what is to come.
async fn ready_to_be_filled(url: &str) -> anyhow::Result<()> {
    if let Some(file) = sqlite_file(url)? {
        if !file.exists() {
            return Ok(());
        }
        ensure!(
            !is_in_use(&file),
            "a Damso server is using it: stop it first"
        );
    }
    let look = Inspection::at(url).await?;
    let standing = look.standing().await?;
    let tables = look.tables().await?;
    let servers = look.servers().await?;
    let server = look.server().await?;
    look.close().await;
    if let Some((table, _)) = tables.iter().find(|(_, rows)| *rows > 0) {
        bail!("it is not empty: it contains {table}");
    }
    ensure!(
        !matches!(standing, SchemaState::Newer | SchemaState::Strange),
        "its tables are not from this version of Damso"
    );
    ensure!(
        servers == 0,
        "a Damso server is using it, or was until just now: {STOP}"
    );
    if let Some(server) = server {
        ensure!(
            server.encoding == "UTF8",
            "it stores text as {}: create a database with encoding UTF8",
            server.encoding
        );
    }
    Ok(())
}

/// Nobody else can write to either database meanwhile.
async fn everything(from: &Db, to: &Db, out: &mut impl Write) -> anyhow::Result<()> {
    let (mut source, mut target) = (from.begin().await?, to.begin().await?);
    source.lock_tables().await?;
    target.lock_tables().await?;
    target.defer_references().await?;
    for table in &TABLES {
        let empty = !target.has_rows(table).await?;
        ensure!(empty, "the target contains {}", table.name);
    }
    for table in &TABLES {
        copy(&mut source, &mut target, table)
            .await
            .with_context(|| format!("{} cannot be copied", table.name))?;
    }
    let mut counts = Vec::new();
    for table in &TABLES {
        let count = compare(&mut source, &mut target, table).await?;
        counts.push((table.name, count));
    }
    target.commit().await?;
    for (table, count) in counts {
        writeln!(out, "{table:<12} {count} copied and compared")?;
    }
    Ok(())
}

async fn copy(source: &mut Tx, target: &mut Tx, table: &'static Table) -> anyhow::Result<()> {
    let takes_nul = matches!(target, Tx::Sqlite(_));
    let mut rows = source.rows(table);
    let (mut batch, mut bytes) = (Vec::new(), 0);
    while let Some(row) = rows.try_next().await? {
        if !takes_nul && row.iter().any(has_nul) {
            bail!(
                "PostgreSQL cannot store the NUL character, which is in {}",
                name(table, &row)
            );
        }
        bytes += row.iter().map(Value::size).sum::<usize>();
        batch.push(row);
        if batch.len() == BATCH_ROWS || bytes > BATCH_BYTES {
            target.add_rows(table, std::mem::take(&mut batch)).await?;
            bytes = 0;
        }
    }
    if !batch.is_empty() {
        target.add_rows(table, batch).await?;
    }
    Ok(())
}

fn has_nul(value: &Value) -> bool {
    matches!(value, Value::Text(Some(text)) if text.contains('\0'))
}

/// Reads both sides again, in the same order. How many rows there are, if each is the same in both.
async fn compare(source: &mut Tx, target: &mut Tx, table: &'static Table) -> anyhow::Result<u64> {
    let (mut ours, mut theirs) = (source.rows(table), target.rows(table));
    let mut count = 0;
    loop {
        match (ours.try_next().await?, theirs.try_next().await?) {
            (None, None) => return Ok(count),
            (Some(row), Some(copy)) if row == copy => count += 1,
            (Some(row), _) | (None, Some(row)) => {
                bail!("{} differs between the two", name(table, &row))
            }
        }
    }
}

/// Names a row to a person.
fn name(table: &Table, row: &Row) -> String {
    let key = table.columns.iter().zip(row).take(table.key);
    let key: Vec<_> = key
        .map(|((column, _), value)| format!("{column} {value}"))
        .collect();
    format!("{} with {}", table.name, key.join(", "))
}
