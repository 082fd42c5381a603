using System.Data.Common;
using Npgsql;

namespace Veltrix.Control.Tests;

/// <summary>The contract in a PostgreSQL that servers share, and what is special about a server.</summary>
public sealed class PostgresTests(PostgresServer postgres) : ControlContract
{
    string connection = "";
    int folders;

    protected override string Config => ConfigOf(connection);

    protected override DbConnection Direct() => new NpgsqlConnection(postgres.Admin(Database));

    string Database => new NpgsqlConnectionStringBuilder(connection).Database!;

    string ConfigOf(string database, string? passwordFile = null) => $"control.database: {database}\ncontrol.password_file: {passwordFile ?? postgres.PasswordFile}\n";

    protected override string FolderOfServer() => Directory.CreateDirectory(Path.Combine(Folder, $"server{folders++}")).FullName;

    public override async ValueTask InitializeAsync()
    {
        Assert.SkipUnless(postgres.IsInstalled, PostgresServer.Missing);
        connection = await postgres.NewDatabase();
    }

    [Fact]
    public async Task Servers_with_folders_of_their_own_sign_with_one_key()
    {
        var (one, two) = (await Open(FolderOfServer()), await Open(FolderOfServer()));
        Assert.Equal(one.Now.Signs.Secret, two.Now.Signs.Secret);
        Assert.False(File.Exists(Path.Combine(Folder, "server0", "token.key")));
    }

    [Fact]
    public async Task A_database_that_crashes_takes_no_key_away_and_is_found_again_by_itself()
    {
        await using var own = new PostgresServer();
        await own.InitializeAsync();
        connection = $"{await own.NewDatabase()}";
        var settings = SettingsOf(ConfigOf(connection, own.PasswordFile));
        await using var store = await ControlStore.Open(Folder, settings, TimeProvider.System, Log, Cancel);
        using var stop = new CancellationTokenSource();
        var running = Task.Run(() => store.Run(stop.Token), CancellationToken.None);
        var (kept, ended) = (await Issue(store), await Issue(store));

        await own.Crash();
        await Until(() => store.Status.Trouble is not null, TimeSpan.FromSeconds(10));
        Assert.Equal(2, store.Now.Access.Count);
        Assert.Equal(ControlFault.ControlUnavailable, (await Assert.ThrowsAsync<ControlException>(() => store.Revoke(ended.Id, "admin", "why", Cancel))).Fault);
        await Task.Delay(2 * ControlStore.Every, Cancel);
        // Once, however often it was tried.
        Assert.Single(Log.Lines, line => line.Contains("keys hold as they were last read", StringComparison.Ordinal));

        await own.Begin();
        await Until(() => store.Status.Trouble is null, TimeSpan.FromSeconds(10));
        Assert.Contains(Log.Lines, line => line.Contains("answers again", StringComparison.Ordinal));
        await store.Revoke(ended.Id, "admin", "why", Cancel);
        Assert.Equal([kept.Id], store.Now.Access.Keys);
        await stop.CancelAsync();
        await running;
    }

    [Fact]
    public async Task Another_database_that_is_set_while_servers_run_is_gone_to_and_one_that_is_no_good_is_not()
    {
        var settings = SettingsOf("# the default");
        await using var store = await ControlStore.Open(Folder, settings, TimeProvider.System, Log, Cancel);
        using var stop = new CancellationTokenSource();
        var running = Task.Run(() => store.Run(stop.Token), CancellationToken.None);
        var secret = store.Now.Signs.Secret;

        settings.Load(ConfigFileOf(ConfigOf(postgres.Connection("nowhere"))));
        await Until(() => store.Status.Trouble is not null, TimeSpan.FromSeconds(15));
        Assert.Contains("has no database nowhere", store.Status.Trouble);
        Assert.Equal(secret, store.Now.Signs.Secret);

        settings.Load(ConfigFileOf(ConfigOf(connection)));
        await Until(() => store.Status.Database.StartsWith(Database, StringComparison.Ordinal), TimeSpan.FromSeconds(15));
        Assert.Null(store.Status.Trouble);
        // It was empty, so it took the key that tokens were signed with.
        Assert.Equal(secret, store.Now.Signs.Secret);
        await Issue(store);
        await stop.CancelAsync();
        await running;
    }

    [Fact]
    public async Task A_dump_that_is_put_back_knows_what_it_knew()
    {
        var store = await Open();
        var key = await Issue(store);
        var backup = await postgres.NewDatabase();
        await postgres.Restore(Database, new NpgsqlConnectionStringBuilder(backup).Database!);
        var later = await Issue(store);
        await store.Revoke(key.Id, "admin", "over", Cancel);

        await postgres.Restore(new NpgsqlConnectionStringBuilder(backup).Database!, Database);
        // The server that runs goes on with it: what was issued since is refused, what was taken back since holds again.
        await Until(() => store.Now.Access.ContainsKey(key.Id), HeardWithin);
        Assert.DoesNotContain(later.Id, store.Now.Access.Keys);
        Assert.Equal(store.Now.Signs.Secret, (await Open()).Now.Signs.Secret);
    }

    [Fact]
    public async Task A_password_can_change_while_servers_run()
    {
        var name = await Role("changing", "first");
        var file = Path.Combine(Folder, "changing.password");
        await File.WriteAllTextAsync(file, "first\n", Cancel);
        await postgres.Execute("postgres", $"ALTER DATABASE {Database} OWNER TO {name}");
        await using var store = await ControlStore.Open(Folder, SettingsOf(ConfigOf(postgres.Connection(Database, name), file)), TimeProvider.System, Log, Cancel);

        await postgres.Execute("postgres", $"ALTER ROLE {name} PASSWORD 'second'");
        await File.WriteAllTextAsync(file, "second\n", Cancel);
        await postgres.Execute("postgres", $"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{name}'");
        await Assert.ThrowsAsync<ControlException>(() => Issue(store)); // the connection that was open
        await Issue(store);
    }

    [Fact]
    public async Task A_wrong_password_is_said_with_the_user_the_place_and_the_file()
    {
        var file = Path.Combine(Folder, "wrong.password");
        await File.WriteAllTextAsync(file, "very wrong", Cancel);
        var refused = await Refused(ConfigOf(connection, file));
        Assert.Equal(ControlFault.ControlRefused, refused.Fault);
        Assert.Contains("does not let the user veltrix in", refused.Message);
        Assert.Contains(file, refused.Remedy);
        Assert.DoesNotContain("very wrong", refused.ToString());
    }

    [Fact]
    public async Task No_password_is_said_with_the_setting_that_names_its_file()
    {
        var refused = await Refused($"control.database: {connection}");
        Assert.Contains(Hosting.Keys.ControlPasswordFile.Name, refused.Message + refused.Remedy);
    }

    [Fact]
    public async Task A_password_file_that_is_not_there_is_named()
    {
        var refused = await Refused(ConfigOf(connection, "/nowhere/password"));
        Assert.Equal(ControlFault.ControlRefused, refused.Fault);
        Assert.Contains("/nowhere/password", refused.Message);
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_said_with_its_place()
    {
        var refused = await Refused(ConfigOf("Host=127.0.0.1;Port=1;Database=control;Username=veltrix"));
        Assert.Equal(ControlFault.ControlUnavailable, refused.Fault);
        Assert.Contains("control at 127.0.0.1:1 cannot be reached", refused.Message);
        Assert.Contains("control.database", refused.Remedy);
    }

    [Fact]
    public async Task A_database_that_is_not_there_is_said_with_the_command_that_makes_it()
    {
        var refused = await Refused(ConfigOf(postgres.Connection("nowhere")));
        Assert.Contains("has no database nowhere", refused.Message);
        Assert.Contains("createdb --owner=veltrix nowhere", refused.Remedy);
    }

    [Fact]
    public async Task A_user_without_rights_is_said_with_the_grant_that_helps_and_it_does()
    {
        var name = await Role("guest", "guest");
        var file = Path.Combine(Folder, "guest.password");
        await File.WriteAllTextAsync(file, "guest", Cancel);
        var config = ConfigOf(postgres.Connection(Database, name), file);
        var refused = await Refused(config);
        Assert.Equal(ControlFault.ControlRefused, refused.Fault);
        Assert.Contains($"The user {name} may not", refused.Message);
        var grant = refused.Remedy[refused.Remedy.IndexOf("GRANT", StringComparison.Ordinal)..refused.Remedy.IndexOf(';')];

        await postgres.Execute(Database, grant);
        await using var store = await ControlStore.Open(Folder, SettingsOf(config), TimeProvider.System, Log, Cancel);
        await Issue(store);
    }

    [Fact]
    public async Task A_word_that_no_connection_knows_is_said()
    {
        var refused = await Refused(ConfigOf("Host=127.0.0.1;Flux Capacitor=on"));
        Assert.Equal(ControlFault.ControlRefused, refused.Fault);
        Assert.Contains("control.database", refused.Message);
    }

    async Task<string> Role(string name, string password)
    {
        await postgres.Execute("postgres", $"CREATE ROLE {name} LOGIN PASSWORD '{password}'");
        return name;
    }

    async Task<ControlException> Refused(string config) =>
        await Assert.ThrowsAsync<ControlException>(() => ControlStore.Open(Folder, SettingsOf(config), TimeProvider.System, Log, Cancel));

    static Hosting.ConfigFile ConfigFileOf(string text) => Hosting.ConfigFile.Read("hunt-config.yml", text);
}
