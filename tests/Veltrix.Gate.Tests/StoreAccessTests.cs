using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Veltrix.Gate.Tests;

public sealed class RedisAccessTests() : StoreAccessTests(RedisServer.Redis);

public sealed class ValkeyAccessTests() : StoreAccessTests(RedisServer.Valkey);

/// <summary>Real stores that want a password, know users with few rights, or speak TLS.</summary>
public abstract class StoreAccessTests(string program) : IAsyncLifetime
{
    /// <summary>As docs/reference/redis.md has it.</summary>
    const string Rights = "on >few ~* resetchannels -@all +@read +@write +@scripting +@connection +info +config|get +cluster|nodes +role +time";

    readonly string _folder = Directory.CreateTempSubdirectory("veltrix-tls-").FullName;
    readonly List<RedisServer> _servers = [];

    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_password_is_given_and_a_wrong_one_is_told_with_the_key_to_mend()
    {
        var server = await Start("--requirepass", "secret");
        await Plays(new GateStoreOptions { Endpoint = $"redis://{server.Endpoint}", Password = "secret" });
        foreach (var password in new[] { "wrong", null })
        {
            var refused = await Refuses(new GateStoreOptions { Endpoint = server.Endpoint, Password = password });
            Assert.Contains("redis.password_file", refused.Message, StringComparison.Ordinal);
            Assert.Contains(server.Endpoint, refused.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_user_with_the_rights_that_the_reference_lists_can_do_all_that_a_hunt_needs()
    {
        Assert.Contains($"ACL SETUSER veltrix {Rights}", await File.ReadAllTextAsync(Path.Combine(Repository(), "docs/reference/redis.md"), Cancel), StringComparison.Ordinal);
        var server = await Start(["--user", "default", "off", "--user", "veltrix", .. Rights.Split(' ')]);
        await Plays(new GateStoreOptions { Endpoint = $"redis://veltrix@{server.Endpoint}", Password = "few" });
        Assert.Contains("redis.password_file", (await Refuses(new GateStoreOptions { Endpoint = $"redis://nobody@{server.Endpoint}", Password = "few" })).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tls_works_with_an_authority_of_ones_own_and_is_refused_without()
    {
        var authority = Certificates();
        var port = RedisServer.FreePort();
        var server = await Start("--tls-port", $"{port}", "--tls-cert-file", In("server.pem"), "--tls-key-file", In("server.key"), "--tls-ca-cert-file", authority, "--tls-auth-clients", "no", "--requirepass", "secret");
        await Plays(new GateStoreOptions { Endpoint = $"rediss://localhost:{port}", Password = "secret", CaFile = authority });

        Assert.Contains("redis.ca_file", (await Refuses(new GateStoreOptions { Endpoint = $"rediss://localhost:{port}", Password = "secret" })).Message, StringComparison.Ordinal);
        Assert.Contains("host as the certificate names it", (await Refuses(new GateStoreOptions { Endpoint = $"rediss://127.0.0.1:{port}", Password = "secret", CaFile = authority })).Message, StringComparison.Ordinal);
        Assert.Contains(In("none.pem"), (await Refuses(new GateStoreOptions { Endpoint = $"rediss://localhost:{port}", CaFile = In("none.pem") })).Message, StringComparison.Ordinal);
        // Somebody who speaks TLS to the port without, or not to the port with it.
        foreach (var endpoint in new[] { $"rediss://{server.Endpoint}", $"redis://localhost:{port}" })
            Assert.Contains("TLS", (await Assert.ThrowsAsync<GateException>(() => GateStore.Open(new GateStoreOptions { Endpoint = endpoint }, Cancel))).Message, StringComparison.Ordinal);
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync()
    {
        foreach (var server in _servers) server.Dispose();
        Directory.Delete(_folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    /// <summary>All that hunts do in a store: every script, and the questions about memory.</summary>
    static async Task Plays(GateStoreOptions options)
    {
        await using var store = await GateStore.Open(options, Cancel);
        var (gate, second) = (store.Hunt("h"), TimeSpan.FromSeconds(1));
        await gate.Reopen(1, Cancel);
        await gate.Publish(1, new GateLimits(1, 0, false, 0, 0, false, "", "", false, 10, true, 0), Cancel);
        await gate.Renew("s1", second, [], Cancel);
        Assert.Equal(SeatState.Seated, (await gate.Ask("ada", 1, false, second, true, true, Cancel)).State);
        Assert.True(await gate.Attach("ada", "s1", Cancel));
        Assert.Equal(SeatState.Waiting, (await gate.Ask("bob", 2, false, second, true, true, Cancel)).State);
        await gate.Seen(["bob"], Cancel);
        await gate.Detach(["ada"], "s1", second, Cancel);
        await gate.Leave("ada", Cancel);
        Assert.Equal(["bob"], await gate.Admit(second, second, second, Cancel));
        Assert.Equal(2, (await gate.Audit(Cancel)).Count);
        Assert.Equal(1, (await gate.Counts(Cancel)).Seated);
        Assert.True((await store.Lead("me", second, Cancel)).IsLeader);
        Assert.True((await store.Memory(Cancel)).Used > 0);
        await gate.Forget(Cancel);
    }

    static async Task<GateException> Refuses(GateStoreOptions options)
    {
        var refused = await Assert.ThrowsAsync<GateException>(() => GateStore.Open(options, Cancel));
        Assert.Equal(GateFault.Misconfigured, refused.Fault);
        return refused;
    }

    async Task<RedisServer> Start(params string[] options)
    {
        var server = await RedisServer.StartAs(program, options);
        if (server is null) Assert.Skip(RedisServer.Missing(program));
        _servers.Add(server);
        return server;
    }

    /// <summary>An authority, and a certificate of it for localhost; returns the authority's file.</summary>
    string Certificates()
    {
        var (from, until) = (DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        using var rootKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var rootRequest = new CertificateRequest("CN=authority of a test", rootKey, HashAlgorithmName.SHA256);
        rootRequest.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using var root = rootRequest.CreateSelfSigned(from, until);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.Create(root, from, until, [1, 2, 3, 4]);
        File.WriteAllText(In("authority.pem"), root.ExportCertificatePem());
        File.WriteAllText(In("server.pem"), certificate.ExportCertificatePem());
        File.WriteAllText(In("server.key"), key.ExportPkcs8PrivateKeyPem());
        return In("authority.pem");
    }

    string In(string file) => Path.Combine(_folder, file);

    static string Repository()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Veltrix.slnx"))) folder = Path.GetDirectoryName(folder.TrimEnd('/'))!;
        return folder;
    }
}
