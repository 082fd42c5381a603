using System.Diagnostics;
using System.Globalization;
using Veltrix.Control;
using Veltrix.Hosting;
using Veltrix.Server.Admission;

namespace Veltrix.Cli.Clusters;

/// <summary>
/// The roles as they would run on several machines, all on this one, around services that are there already: servers with their governors, and orchestrators.
/// <code>
/// hunt-config.yml           the settings of all roles, watched by them
/// token.key, control.token  the keys that they share
/// cluster.json              which processes they are
/// {role}/, {role}.log       what each keeps for itself, and what it said
/// </code>
/// <list type="number">
/// <item><see cref="Prepare"/> the folder: settings and keys.</item>
/// <item>Governors, which answer before there is anything to govern; then servers, side by side; then orchestrators.</item>
/// <item>Each <see cref="Role"/> is kept alive until the cluster is stopped: servers first, so that they hand over while everything else is there.</item>
/// </list>
/// </summary>
sealed class Cluster : IAsyncDisposable
{
    static readonly TimeSpan FindWithin = TimeSpan.FromSeconds(30);

    readonly ClusterOptions options;
    readonly Lock writing = new();
    readonly List<Role> governors = [];
    readonly List<Role> servers = [];
    readonly List<Role> orchestrators = [];
    readonly List<int> given = [];

    Cluster(ClusterOptions options) => this.options = options;

    IEnumerable<Role> All => [.. servers, .. governors, .. orchestrators];

    public IReadOnlyList<Role> Servers => servers;

    public IReadOnlyList<Role> Governors => governors;

    public IReadOnlyList<Role> Orchestrators => orchestrators;

    public IReadOnlyList<Uri> Urls => [.. servers.Select(server => new Uri((string)server.Said!["url"]!))];

    public string Folder => options.Folder;

    public string Config => Path.Combine(options.Folder, ConfigFile.DefaultName);

    /// <summary>The keyring of all servers.</summary>
    public Keyring Keyring => Keyring.Open(options.Folder);

    public ClusterState State => new(Environment.ProcessId, [.. All.Select(role => new RoleState(
        role.Name, role.Pid, (string?)(role.Said?["url"] ?? role.Said?["grpc"]), (string?)(role.Said?["ops"] ?? role.Said?["http"]), role.Starts))]);

    /// <exception cref="CliException">A role did not start; the message says why.</exception>
    public static async Task<Cluster> Start(ClusterOptions options, CancellationToken cancel)
    {
        var cluster = new Cluster(options);
        try
        {
            cluster.Prepare();
            for (var i = 1; i <= options.Servers; i++) cluster.AddGovernor(i);
            await Task.WhenAll(cluster.governors.Select(role => role.Start(cancel)));
            for (var i = 1; i <= options.Servers; i++) cluster.AddServer(i);
            await Task.WhenAll(cluster.servers.Select(role => role.Start(cancel)));
            for (var i = 1; i <= options.Orchestrators; i++) cluster.AddOrchestrator(i);
            await Task.WhenAll(cluster.orchestrators.Select(role => role.Start(cancel)));
            cluster.Write();
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    void Prepare()
    {
        Directory.CreateDirectory(options.Folder);
        if (options.Kafka is { } brokers)
        {
            var line = $"{Keys.KafkaServers.Name}: {brokers}";
            if (!File.Exists(Config)) File.WriteAllText(Config, $"# The settings of all roles of this cluster; a change acts while they run.\n{line}\n# One that goes away sends its hunters to another.\n{Keys.PublicUrl.Name}: \"http://{(options.Host == "0.0.0.0" ? "{host}" : options.Host)}:{{port}}\"\n");
            else if (!File.ReadLines(Config).Contains(line))
                throw new CliException(ExitCode.Refused, $"{Config} is there already and does not say '{line}'.", "Write it into that file, or leave --kafka out.");
        }

        using var settings = File.Exists(Config) ? Settings.Of(File.ReadAllText(Config)) : new Settings();
        if (settings.Get(Keys.KafkaServers).Length == 0)
            throw new CliException(ExitCode.Usage, "Servers share hunts over Kafka, and no brokers are named.", $"Name them with --kafka, or with {Keys.KafkaServers.Name} in {Config}.");
        // Made by whoever comes first; here, so that all have the same.
        _ = Keyring;
    }

    void AddGovernor(int i)
    {
        var (grpc, http) = (FreePort(), FreePort());
        Add(governors, $"governor-{i}",
            ["governor", "--name", $"governor-{i}", "--redis", options.Redis, "--listen", $"127.0.0.1:{grpc}", "--http-port", Text(http), "--token-file", TokenFile, "--config", Config]);
    }

    void AddServer(int i)
    {
        var data = Path.Combine(options.Folder, $"server-{i}");
        Directory.CreateDirectory(data);
        SigningKey.Share(options.Folder, data);
        Add(servers, $"server-{i}",
        [
            "server", "--host", options.Host, "--port", Text(options.Port == 0 ? FreePort() : options.Port + i - 1), "--redis", options.RedisOfServer?.Invoke(i) ?? options.Redis,
            "--config", options.ConfigOfServer?.Invoke(i) ?? Config, "--governor", (string)governors[i - 1].Said!["grpc"]!, "--ops-port", Text(FreePort()),
        ]);
    }

    void AddOrchestrator(int i) => Add(orchestrators, $"orchestrator-{i}",
    [
        "orchestrator", "--redis", options.Redis, "--token-file", TokenFile, "--listen", $"127.0.0.1:{FreePort()}", "--config", Config,
        .. governors.SelectMany(governor => new[] { "--governor", (string)governor.Said!["grpc"]! }),
    ]);

    void Add(List<Role> to, string name, IEnumerable<string> args)
    {
        // An orchestrator keeps nothing.
        string[] data = name.StartsWith("orchestrator", StringComparison.Ordinal) ? [] : ["--data", Path.Combine(options.Folder, name)];
        // What the runtime keeps among temporary files stays behind when it is killed: it goes with the folder.
        var temporary = options.IsThrownAway ? options.Folder : null;
        var role = new Role(name, ThisProgram.Command([.. args, .. data, "--json"]), Path.Combine(options.Folder, $"{name}.log"), temporary, Write);
        lock (writing) to.Add(role);
    }

    string TokenFile => Path.Combine(options.Folder, "control.token");

    void Write()
    {
        lock (writing) State.Write(options.Folder);
    }

    /// <summary>Publishes a hunt unless it is there already, sees that every server has found it, and writes its answers for crowds.</summary>
    public async Task Publish(HuntText hunt, CancellationToken cancel)
    {
        var definition = hunt.Result.Definition!;
        using var organiser = new Remote(Urls[0], Keyring.Issue(Scopes.Organiser, "*", "cluster"), "a server of this cluster");
        if (!await Knows(organiser, definition.Id, cancel)) await Verbs.HuntPublish.Publish(organiser, hunt.Yaml, open: definition.OpensMs is null, cancel);
        await Task.WhenAll(Urls.Skip(1).Select(url => Found(url, definition.Id, cancel)));
        AnswersFile.Write(new DataHome(options.Folder), definition, Keyring.Issue(Scopes.Audit, definition.Id, "auditor"));
    }

    // Servers look once a second for what others published; a crowd that comes at once must not be told that there is no such hunt.
    async Task Found(Uri url, string hunt, CancellationToken cancel)
    {
        using var server = new Remote(url, Keyring.Issue(Scopes.Organiser, "*", "cluster"), "a server of this cluster");
        for (var since = Stopwatch.GetTimestamp(); !await Knows(server, hunt, cancel); await Task.Delay(100, cancel))
            if (Stopwatch.GetElapsedTime(since) > FindWithin)
                throw new CliException(ExitCode.Failed, $"The server at {url} has not found the hunt '{hunt}' within {FindWithin.TotalSeconds:0} s.", $"Its log in {options.Folder} says why; does it read the same Kafka?");
    }

    static async Task<bool> Knows(Remote server, string hunt, CancellationToken cancel) =>
        (await server.Get("v1/hunts", cancel))["hunts"]!.AsArray().Any(known => (string)known!["id"]! == hunt);

    static string Text(int port) => port.ToString(CultureInfo.InvariantCulture);

    // A role that is started again keeps its port, so a port is chosen once. Two roles never get the same, though each is free again at once.
    int FreePort()
    {
        while (true)
        {
            var port = LocalPort.Free();
            if (given.Contains(port)) continue;
            given.Add(port);
            return port;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (options.IsThrownAway)
            foreach (var role in All) role.Kill();
        await Task.WhenAll(servers.Select(role => role.DisposeAsync().AsTask()));
        await Task.WhenAll(governors.Concat(orchestrators).Select(role => role.DisposeAsync().AsTask()));
        File.Delete(ClusterState.FileOf(options.Folder));
    }
}
