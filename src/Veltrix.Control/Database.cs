using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Npgsql;
using Veltrix.Hosting;

namespace Veltrix.Control;

/// <summary>What differs between the databases that may hold control data. Thread-safe.</summary>
abstract class Database : IAsyncDisposable
{
    /// <summary>In messages; without secrets.</summary>
    public abstract string Name { get; }

    /// <summary>False: nobody has needed it yet.</summary>
    public virtual bool Exists => true;

    public abstract ControlContext Open();

    /// <summary>Waits for all who change something, in whatever process, and lets no other in until the transaction ends.</summary>
    public abstract Task Lock(ControlContext context, CancellationToken cancel);

    /// <summary>What keeps it, with its version.</summary>
    public abstract Task<string> Version(ControlContext context, CancellationToken cancel);

    /// <summary>Rights that our user needs and has not, as the statements that give them.</summary>
    /// <param name="makesTables">Whether tables are still to be made or changed.</param>
    public abstract Task<IReadOnlyList<string>> Lacks(ControlContext context, bool makesTables, CancellationToken cancel);

    /// <summary>Whatever went wrong, as a sentence with a remedy.</summary>
    public abstract ControlException Explain(Exception error);

    public abstract ValueTask DisposeAsync();

    public static Database Of(string connection, string passwordFile, string dataFolder) =>
        connection == ConnectionText.Embedded ? new Sqlite(Path.Combine(dataFolder, "control.db")) : new Postgres(connection, passwordFile);

    protected static DbContextOptionsBuilder Options() => new DbContextOptionsBuilder()
        // Migrations run within our transaction on purpose: EF's own lock in SQLite survives a killed process, and then stands against every start.
        .ConfigureWarnings(warnings => warnings.Ignore(RelationalEventId.MigrationsUserTransactionWarning));

    protected static T? Find<T>(Exception error) where T : Exception => error as T ?? (error.InnerException is { } inner ? Find<T>(inner) : null);

    /// <summary>A file in the data folder, made when it is first needed: what nobody uses costs nobody time or memory.</summary>
    sealed class Sqlite(string path) : Database
    {
        // Others hold the file for milliseconds. But when several start at once, the last waits for all of them.
        const int BusySeconds = 15;

        public override string Name => path;

        public override bool Exists => File.Exists(path);

        public override ControlContext Open()
        {
            // Keys are in it. What SQLite puts beside it takes its mode.
            if (!Exists) SecretFile.Create(path).Dispose();
            return new ControlContext(Options().UseSqlite(new SqliteConnectionStringBuilder { DataSource = path, DefaultTimeout = BusySeconds, Pooling = false }.ToString()).Options);
        }

        public override async Task<string> Version(ControlContext context, CancellationToken cancel) =>
            $"SQLite {await context.Database.SqlQuery<string>($"SELECT sqlite_version() AS \"Value\"").SingleAsync(cancel)}";

        public override Task<IReadOnlyList<string>> Lacks(ControlContext context, bool makesTables, CancellationToken cancel)
        {
            try
            {
                using var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
                return Task.FromResult<IReadOnlyList<string>>([]);
            }
            catch (UnauthorizedAccessException)
            {
                return Task.FromResult<IReadOnlyList<string>>([$"chown {Environment.UserName} {path}"]);
            }
        }

        // The transaction was begun as a writing one; there is only one of those in a file.
        public override Task Lock(ControlContext context, CancellationToken cancel) => Task.CompletedTask;

        public override ControlException Explain(Exception error) => Find<SqliteException>(error)?.SqliteErrorCode switch
        {
            5 or 6 => new(ControlFault.ControlUnavailable, $"The control database {path} is held by another program for more than {BusySeconds} s.", "End whatever reads it, such as a backup or a shell.", error),
            8 or 14 or 23 => new(ControlFault.ControlRefused, $"The control database {path} cannot be opened or written.", "Give it, and its folder, to the user that this server runs as.", error),
            11 or 26 => new(ControlFault.ControlRefused, $"{path} is damaged, or is no SQLite database.", "Put a backup in its place; docs/operate/control.md says how.", error),
            13 => new(ControlFault.ControlUnavailable, $"The disk that holds {path} is full.", "Make room on it.", error),
            _ => new(ControlFault.ControlUnavailable, $"The control database {path} cannot be used: {error.Message}", "docs/operate/control.md says what it needs.", error),
        };

        public override ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }

    /// <summary>Shared by all servers of a fleet.</summary>
    sealed class Postgres : Database
    {
        // "Veltrix" in ASCII, cut to what a lock has room for: every program on one database must use the same.
        const long LockId = 0x56656C74726978;

        const int PatienceSeconds = 10;

        // When several start at once, the last waits for all of them.
        static readonly TimeSpan lockWithin = TimeSpan.FromSeconds(60);

        readonly NpgsqlDataSource source;
        readonly string passwordFile;
        readonly string database;
        readonly string user;
        readonly string place;

        public Postgres(string connection, string passwordFile)
        {
            var parts = new NpgsqlConnectionStringBuilder { Timeout = PatienceSeconds, CommandTimeout = PatienceSeconds, MaxPoolSize = 4, ApplicationName = "veltrix" };
            try
            {
                foreach (var (key, value) in Pairs(connection)) parts[key] = value;
            }
            catch (Exception error) when (error is ArgumentException or FormatException)
            {
                throw new ControlException(ControlFault.ControlRefused, $"{Keys.ControlDatabase.Name} cannot be understood: {error.Message}", "It is written as Host=db;Port=5432;Database=veltrix;Username=veltrix.", error);
            }

            user = parts.Username ?? Environment.UserName;
            database = parts.Database ?? user;
            place = $"{parts.Host}:{parts.Port}";
            this.passwordFile = passwordFile;
            var builder = new NpgsqlDataSourceBuilder(parts.ToString());
            if (passwordFile.Length > 0) builder.UsePasswordProvider(_ => File.ReadAllText(passwordFile).TrimEnd('\r', '\n'), async (_, cancel) => (await File.ReadAllTextAsync(passwordFile, cancel)).TrimEnd('\r', '\n'));
            source = builder.Build();
        }

        public override string Name => $"{database} at {place}";

        public override ControlContext Open() => new(Options().UseNpgsql(source).Options);

        public override async Task<string> Version(ControlContext context, CancellationToken cancel) =>
            $"PostgreSQL {await context.Database.SqlQuery<string>($"SELECT current_setting('server_version') AS \"Value\"").SingleAsync(cancel)}";

        public override async Task<IReadOnlyList<string>> Lacks(ControlContext context, bool makesTables, CancellationToken cancel)
        {
            List<string> lacks = [];
            if (makesTables && !await Has($"SELECT has_schema_privilege('public', 'USAGE') AND has_schema_privilege('public', 'CREATE') AS \"Value\"")) lacks.Add($"GRANT USAGE, CREATE ON SCHEMA public TO {user}");
            // Of a table that is not there the answer is null.
            foreach (var table in context.Model.GetEntityTypes().Select(type => type.GetTableName()!).Order(StringComparer.Ordinal))
                if (!await Has($"SELECT COALESCE(bool_and(has_table_privilege(to_regclass({table}), needed)), true) AS \"Value\" FROM unnest(ARRAY['SELECT', 'INSERT', 'UPDATE']) AS needed"))
                    lacks.Add($"GRANT SELECT, INSERT, UPDATE ON {table} TO {user}");
            return lacks;

            Task<bool> Has(FormattableString question) => context.Database.SqlQuery<bool>(question).SingleAsync(cancel);
        }

        public override async Task Lock(ControlContext context, CancellationToken cancel)
        {
            context.Database.SetCommandTimeout(lockWithin);
            await context.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock({LockId})", cancel);
            context.Database.SetCommandTimeout(PatienceSeconds);
        }

        public override ControlException Explain(Exception error)
        {
            if (Find<PostgresException>(error) is { } said)
                return said.SqlState switch
                {
                    "28P01" or "28000" => new(
                        ControlFault.ControlRefused, $"PostgreSQL at {place} does not let the user {user} in: {said.MessageText}.",
                        passwordFile.Length > 0 ? $"Compare the password in {passwordFile}, and the server's pg_hba.conf." : $"Name the file with the password in {Keys.ControlPasswordFile.Name}, or allow the user in the server's pg_hba.conf.", error),
                    "3D000" => new(ControlFault.ControlRefused, $"PostgreSQL at {place} has no database {database}.", $"Make it: createdb --owner={user} {database}", error),
                    "42501" => new(
                        ControlFault.ControlRefused, $"The user {user} may not do what is needed in the control database {Name}: {said.MessageText}.",
                        $"Let it own the database, or GRANT USAGE, CREATE ON SCHEMA public TO {user}; docs/operate/control.md lists the rights.", error),
                    _ => new(ControlFault.ControlUnavailable, $"The control database {Name} refused: {said.MessageText} ({said.SqlState}).", "Its own log says more.", error),
                };
            if (Find<UnauthorizedAccessException>(error) is { } shut) return NoPassword(shut);
            if (Find<IOException>(error) is FileNotFoundException or DirectoryNotFoundException && Find<IOException>(error) is { } gone) return NoPassword(gone);
            return new(
                ControlFault.ControlUnavailable, $"The control database {Name} cannot be reached: {(Find<System.Net.Sockets.SocketException>(error) ?? error.GetBaseException()).Message}.",
                passwordFile.Length > 0
                    ? $"Start PostgreSQL there, or set {Keys.ControlDatabase.Name} right; sqlite needs no server."
                    : $"Start PostgreSQL there, or set {Keys.ControlDatabase.Name} right. Where it wants a password, {Keys.ControlPasswordFile.Name} names the file that holds it.", error);
        }

        ControlException NoPassword(Exception error) =>
            new(ControlFault.ControlRefused, $"{Keys.ControlPasswordFile.Name} names {passwordFile}, which cannot be read: {error.Message}", "Put the password there, readable by the user that this server runs as.", error);

        public override ValueTask DisposeAsync() => source.DisposeAsync();

        static IEnumerable<(string Key, object Value)> Pairs(string connection)
        {
            var parts = new System.Data.Common.DbConnectionStringBuilder { ConnectionString = connection };
            foreach (string key in parts.Keys) yield return (key, parts[key]);
        }
    }
}
