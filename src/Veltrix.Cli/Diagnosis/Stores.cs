using Microsoft.Extensions.Logging.Abstractions;
using Veltrix.Control;
using Veltrix.EventLog;
using Veltrix.EventLog.Kafka;
using Veltrix.Gate;
using Veltrix.Governor;
using Veltrix.Hosting;
using Veltrix.Server;

namespace Veltrix.Cli;

/// <summary>The stores that settings and command line name: whether they can be reached, are set as hunts need them, and let us do what a server does. Changes nothing that stays.</summary>
static class Stores
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <param name="config">The file with the settings; null: that of the data folder, if it is there.</param>
    /// <param name="redis">The address of the shared store; null: a server has one of its own.</param>
    public static async Task<IReadOnlyList<Finding>> Examine(DataHome folder, string? config, string? redis, CancellationToken cancel)
    {
        using var settings = new Settings();
        try
        {
            new ConfigWatch(config ?? Path.Combine(folder.Path, ConfigFile.DefaultName), settings, TimeProvider.System, NullLogger.Instance).ReadFirst(required: config is not null);
        }
        catch (ConfigException error)
        {
            return [.. error.Faults.Select(fault => new Finding("settings", Severity.Broken, (fault with { Remedy = "" }).In(error.File).Replace(" ()", "", StringComparison.Ordinal), fault.Remedy))];
        }

        List<Finding> found = [settings.LastReload.File is { } file ? Finding.Fine("settings", $"{file} can be taken") : Finding.Fine("settings", "no hunt-config.yml: the built-in defaults")];
        found.AddRange(SecretFile.OpenToAll(settings).Select(sentence => sentence.Split(". ", 2)).Select(parts => new Finding("secrets", Severity.Warning, parts[0], parts[1])));
        if (redis is not null) found.AddRange(await Within("redis", late => Redis(redis, settings, late), cancel));
        if (DataFolder.KafkaOf(settings) is { } kafka) found.AddRange(await Within("kafka", late => Kafka(kafka, late), cancel));
        found.AddRange(await Within("control", late => Control(folder, settings, late), cancel));
        return found;
    }

    static async Task<List<Finding>> Redis(string address, Settings settings, CancellationToken cancel)
    {
        await using var store = await GateStore.Open(new GateStoreOptions { Endpoint = address }.With(settings), cancel);
        var memory = await store.Memory(cancel);
        // What a server does, under a name that no hunt can have.
        var gate = store.Hunt("_doctor");
        await gate.Reopen(1, cancel);
        await gate.Forget(cancel);
        List<Finding> found = [Finding.Fine("redis", FormattableString.Invariant($"{memory.Product} at {store.Endpoint}: {memory.Used / 1e6:N0} MB used, answers in {memory.Ping.TotalMilliseconds:0.0} ms, seats can be written"))];
        if (memory.Max is not { } most)
            found.Add(new Finding("redis", Severity.Warning, $"{memory.Product} at {store.Endpoint} has no maxmemory, so nobody knows when it is full: the governor cannot steer by it, and the machine ends it when its own memory does",
                $"CONFIG SET maxmemory 2gb and maxmemory-policy noeviction, also in its configuration file; or set {Keys.RedisBudget.Name}."));
        else
            found.Add(Finding.Fine("redis", FormattableString.Invariant($"full at {most / 1e6:N0} MB ({(most == settings.Get(Keys.RedisBudget) ? Keys.RedisBudget.Name : "its maxmemory")}), and throws no key away")));
        if (!store.GoesOnWhenFull)
            found.Add(new Finding("redis", Severity.Warning, $"{memory.Product} at {store.Endpoint} refuses every write of scripts at its memory limit: nobody could renew a seat then", "Take Redis 7 or later, or Valkey."));
        return found;
    }

    static async Task<List<Finding>> Kafka(KafkaOptions options, CancellationToken cancel)
    {
        await using var logs = KafkaLogs.Open(options, TimeProvider.System);
        var state = await logs.Examine(cancel);
        List<Finding> found = [Finding.Fine("kafka", $"cluster {state.ClusterId} at {options.BootstrapServers}: brokers {state.Brokers}, topics {options.TopicPrefix}.* that are logs {state.Logs}")];
        if (state.Brokers < 3)
            found.Add(new Finding("kafka", Severity.Warning, $"brokers {state.Brokers}: with the disk of one, records may be lost", "Three brokers with copies on each, as docs/operate/kafka.md says."));
        found.AddRange(state.Faults.Select(fault => Told("kafka", fault, " Nothing was changed. To remedy it: ")));
        return found;
    }

    static async Task<List<Finding>> Control(DataHome folder, Settings settings, CancellationToken cancel)
    {
        var state = await ControlStore.Examine(folder.Path, settings, cancel);
        if (state.Version is null) return [Finding.Fine("control", $"{state.Database} is made when the first key is issued")];
        List<Finding> found = [Finding.Fine("control", $"{state.Database}, {state.Version}: {(state.Pending.Count == 0 ? "its tables are up to date" : $"the next server to start makes or changes its tables ({string.Join(", ", state.Pending)})")}")];
        found.AddRange(state.Lacks.Select(statement => new Finding("control", Severity.Broken, $"the user of {Keys.ControlDatabase.Name} lacks a right in {state.Database}", statement)));
        return found;
    }

    static async Task<List<Finding>> Within(string subject, Func<CancellationToken, Task<List<Finding>>> look, CancellationToken cancel)
    {
        using var late = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        late.CancelAfter(Patience);
        try
        {
            return await look(late.Token);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return [new Finding(subject, Severity.Broken, $"no answer within {Patience.TotalSeconds:0} s", "See that it runs and can be reached from here.")];
        }
        catch (ControlException error)
        {
            return [new Finding(subject, Severity.Broken, error.Message, error.Remedy)];
        }
        catch (ConfigException error)
        {
            return [.. error.Faults.Select(fault => new Finding(subject, Severity.Broken, fault.Message, fault.Remedy))];
        }
        catch (Exception error) when (error is GateException or EventLogException)
        {
            return [Told(subject, error.Message, ". ")];
        }
    }

    /// <summary>Our messages say what is wrong first, and then what to do.</summary>
    static Finding Told(string subject, string message, string between) =>
        message.IndexOf(between, StringComparison.Ordinal) is > 0 and var at
            ? new Finding(subject, Severity.Broken, message[..at].TrimEnd('.'), message[(at + between.Length)..])
            : new Finding(subject, Severity.Broken, message);
}
