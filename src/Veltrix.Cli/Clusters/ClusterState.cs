using System.Text.Json;

namespace Veltrix.Cli.Clusters;

/// <summary>One role as <c>cluster.json</c> has it.</summary>
/// <param name="Pid">Null while it is down.</param>
/// <param name="Url">Where it is reached: hunters at a server, gRPC at a governor, limits at an orchestrator.</param>
/// <param name="Ops">Metrics and pages for operators.</param>
/// <param name="Starts">How often it was started: more than once if it died.</param>
sealed record RoleState(string Name, int? Pid, string? Url, string? Ops, int Starts);

/// <summary>A running cluster, as its keeper writes it into its folder for the other verbs.</summary>
/// <param name="Keeper">Process id of <c>veltrix cluster up</c>.</param>
sealed record ClusterState(int Keeper, IReadOnlyList<RoleState> Roles)
{
    static readonly JsonSerializerOptions Form = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, WriteIndented = true };

    public static string FileOf(string folder) => Path.Combine(folder, "cluster.json");

    public void Write(string folder)
    {
        var aside = FileOf(folder) + ".new";
        File.WriteAllText(aside, JsonSerializer.Serialize(this, Form));
        File.Move(aside, FileOf(folder), overwrite: true);
    }

    /// <exception cref="CliException">No cluster runs on this folder.</exception>
    public static ClusterState Read(string folder)
    {
        try
        {
            var state = JsonSerializer.Deserialize<ClusterState>(File.ReadAllText(FileOf(folder)), Form)!;
            if (ProcessSignal.IsAlive(state.Keeper)) return state;
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException or JsonException)
        {
        }

        throw new CliException(ExitCode.NotFound, $"No cluster runs on {folder}.", "'veltrix cluster up' starts one; name its folder with --data.");
    }

    public RoleState Find(string name) => Roles.FirstOrDefault(role => role.Name == name)
        ?? throw new CliException(ExitCode.NotFound, $"There is no role '{name}' in this cluster.", $"There are: {string.Join(", ", Roles.Select(role => role.Name))}.");
}
