using System.Text.Json.Nodes;
using StackExchange.Redis;
using Veltrix.Control.Tests;
using Veltrix.EventLog.Tests;
using Veltrix.Gate.Tests;

namespace Veltrix.Cli.Tests;

/// <summary>What the doctor says of real stores, well and not.</summary>
public sealed class StoreDoctorTests(PostgresServer postgres) : IClassFixture<PostgresServer>, IDisposable
{
    readonly TempFolder folder = new();

    [Fact]
    public async Task A_redis_that_can_be_used_is_fine_and_nothing_stays_in_it()
    {
        using var redis = await Redis("--requirepass", "secret");
        folder.Write("hunt-config.yml", $"redis.password_file: {Secret("secret")}\n");
        var found = await Ask("--redis", $"redis://{redis.Endpoint}");
        Assert.All(found, finding => Assert.Equal("fine", finding.Severity));
        Assert.Contains(found, finding => finding.Text.StartsWith("redis 7.", StringComparison.Ordinal) && finding.Text.Contains("seats can be written", StringComparison.Ordinal));
        Assert.Contains(found, finding => finding.Text.Contains("67 MB (its maxmemory)", StringComparison.Ordinal));
        await using var connection = await ConnectionMultiplexer.ConnectAsync($"{redis.Endpoint},password=secret");
        Assert.Equal(0, (long)await connection.GetDatabase().ExecuteAsync("DBSIZE"));
    }

    [Theory]
    [InlineData("warning", "no maxmemory", "CONFIG SET maxmemory", "--maxmemory", "0")]
    [InlineData("broken", "maxmemory-policy allkeys-lru", "CONFIG SET maxmemory-policy noeviction", "--maxmemory-policy", "allkeys-lru")]
    [InlineData("broken", "is a replica", "Name the primary", "--replicaof", "127.0.0.1 1")]
    [InlineData("broken", "refused us", "redis.password_file", "--requirepass", "secret")]
    public async Task A_redis_that_is_set_up_wrong_is_told_with_the_remedy(string severity, string text, string remedy, params string[] options)
    {
        using var redis = await Redis(options);
        var told = Assert.Single(await Ask("--redis", redis.Endpoint), finding => finding.Severity != "fine");
        Assert.Equal(("redis", severity), (told.Subject, told.Severity));
        Assert.Contains(text, told.Text, StringComparison.Ordinal);
        Assert.Contains(redis.Endpoint, told.Text, StringComparison.Ordinal);
        Assert.Contains(remedy, $"{told.Text} {told.Remedy}", StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_not_there_is_named_with_its_address()
    {
        folder.Write("hunt-config.yml", "control.database: Host=127.0.0.1;Port=1;Database=control;Username=veltrix\n");
        var found = await Ask("--redis", "127.0.0.1:1");
        Assert.Contains(found, finding => finding is { Subject: "redis", Severity: "broken" } && finding.Text.Contains("127.0.0.1:1", StringComparison.Ordinal) && finding.Remedy.Length > 0);
        Assert.Contains(found, finding => finding is { Subject: "control", Severity: "broken" } && finding.Text.Contains("127.0.0.1:1", StringComparison.Ordinal) && finding.Remedy.Length > 0);
    }

    [Fact]
    public async Task Settings_with_faults_and_files_of_secrets_that_are_open_or_missing_are_told()
    {
        folder.Write("hunt-config.yml", "join.pase: 3\n");
        Assert.Contains(await Ask(), finding => finding is { Subject: "settings", Severity: "broken" } && finding.Remedy.Contains("join.pace", StringComparison.Ordinal));

        Mode(Secret("x"), UnixFileMode.UserRead | UnixFileMode.OtherRead);
        folder.Write("hunt-config.yml", $"redis.password_file: {folder.File("secret")}\n");
        Assert.Contains(await Ask(), finding => finding is { Subject: "secrets", Severity: "warning" } && finding.Remedy.Contains("chmod 400", StringComparison.Ordinal));

        folder.Write("hunt-config.yml", "redis.password_file: /nowhere/password\n");
        Assert.Contains(await Ask("--redis", "127.0.0.1:1"), finding => finding is { Subject: "redis", Severity: "broken" } && finding.Text.Contains("/nowhere/password, which is not there", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_postgres_is_looked_at_before_its_tables_are_made_and_after()
    {
        Assert.SkipUnless(postgres.IsInstalled, PostgresServer.Missing);
        var connection = await postgres.NewDatabase();
        var database = connection.Split("Database=")[1].Split(';')[0];
        Mode(postgres.PasswordFile, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        folder.Write("hunt-config.yml", $"control.database: {connection}\ncontrol.password_file: {postgres.PasswordFile}\n");
        var before = Assert.Single(await Ask(), finding => finding.Subject == "control");
        Assert.Equal("fine", before.Severity);
        Assert.Contains("PostgreSQL 15", before.Text, StringComparison.Ordinal);
        Assert.Contains("makes or changes its tables", before.Text, StringComparison.Ordinal);

        using (var settings = Hosting.Settings.Of($"control.database: {connection}\ncontrol.password_file: {postgres.PasswordFile}\n"))
            await (await Control.ControlStore.Open(folder.Path, settings, TimeProvider.System, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance, TestContext.Current.CancellationToken)).DisposeAsync();
        Assert.Contains("up to date", Assert.Single(await Ask(), finding => finding.Subject == "control").Text, StringComparison.Ordinal);

        // Somebody who may read and not write.
        await postgres.Execute(database, "CREATE ROLE reader LOGIN PASSWORD 'r'; GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader;");
        folder.Write("hunt-config.yml", $"control.database: {postgres.Connection(database, "reader")}\ncontrol.password_file: {Secret("r")}\n");
        var lacks = (await Ask()).Where(finding => finding is { Subject: "control", Severity: "broken" }).Select(finding => finding.Remedy);
        Assert.Equal(["GRANT SELECT, INSERT, UPDATE ON access_keys TO reader", "GRANT SELECT, INSERT, UPDATE ON signing_keys TO reader"], lacks);
    }

    [Fact]
    public async Task A_control_file_in_the_data_folder_is_looked_at()
    {
        using (var settings = new Hosting.Settings())
        {
            await using var store = await Control.ControlStore.Open(folder.Path, settings, TimeProvider.System, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance, TestContext.Current.CancellationToken);
            await store.Issue(1, "*", "somebody", null, "the test", "to have a file", TestContext.Current.CancellationToken);
        }

        var told = Assert.Single(await Ask(), finding => finding.Subject == "control");
        Assert.Contains("SQLite 3", told.Text, StringComparison.Ordinal);
        Assert.Contains("up to date", told.Text, StringComparison.Ordinal);
    }

    static void Mode(string path, UnixFileMode mode)
    {
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(path, mode);
    }

    void IDisposable.Dispose() => folder.Dispose();

    static async Task<RedisServer> Redis(params string[] options)
    {
        var redis = await RedisServer.Start(options);
        if (redis is null) Assert.Skip(RedisServer.Missing(RedisServer.Redis));
        return redis;
    }

    string Secret(string text)
    {
        File.Delete(folder.File("secret"));
        var path = folder.Write("secret", text + "\n");
        Mode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return path;
    }

    Task<IReadOnlyList<Told>> Ask(params string[] more) => Told.By(folder, more);
}

/// <summary>And of a real Kafka.</summary>
[Trait("speed", "slow")]
public sealed class KafkaDoctorTests(SharedKafka kafka)
{
    [Fact]
    public async Task Topics_that_would_lose_records_or_take_times_of_producers_are_named_with_the_command()
    {
        await kafka.Start();
        using var folder = new TempFolder();
        folder.Write("hunt-config.yml", $"kafka.bootstrap_servers: {kafka.Plaintext}\nkafka.topic_prefix: doctor\n");
        Assert.Contains(await Told.By(folder), finding => finding is { Subject: "kafka", Severity: "fine" } && finding.Text.Contains($"at {kafka.Plaintext}", StringComparison.Ordinal));

        await kafka.Tool("topics", "--bootstrap-server", kafka.Plaintext, "--create", "--topic", "doctor.quiz.ledger", "--partitions", "1", "--config", "retention.ms=604800000");
        var broken = Assert.Single(await Told.By(folder), finding => finding.Severity == "broken");
        Assert.Equal("kafka", broken.Subject);
        Assert.Contains("doctor.quiz.ledger", broken.Text, StringComparison.Ordinal);
        Assert.Contains("retention.ms=604800000 where -1 is needed", broken.Text, StringComparison.Ordinal);
        Assert.Contains("message.timestamp.type=CreateTime where LogAppendTime is needed", broken.Text, StringComparison.Ordinal);
        Assert.StartsWith("kafka-configs.sh", broken.Remedy, StringComparison.Ordinal);
    }
}

/// <summary>A finding as the JSON has it.</summary>
sealed record Told(string Subject, string Severity, string Text, string Remedy)
{
    static readonly string[] stores = ["settings", "secrets", "redis", "kafka", "control"];

    /// <summary>What the doctor says of stores.</summary>
    public static async Task<IReadOnlyList<Told>> By(TempFolder folder, params string[] more)
    {
        var ran = await Shell.Run(["doctor", "--data", folder.Path, "--port", "0", "--json", .. more]);
        return [.. ran.Json["findings"]!.AsArray().Select(Of).Where(told => stores.Contains(told.Subject))];
    }

    static Told Of(JsonNode? finding) => new((string)finding!["subject"]!, (string)finding["severity"]!, (string)finding["text"]!, (string?)finding["remedy"] ?? "");
}
