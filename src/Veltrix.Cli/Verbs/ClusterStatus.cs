using System.Text.Json.Nodes;
using Spectre.Console;
using Veltrix.Cli.Clusters;

namespace Veltrix.Cli.Verbs;

static class ClusterStatus
{
    public static Verb Make(Terminal terminal)
    {
        var data = SharedOptions.Data();
        var json = SharedOptions.Json();
        var verb = new Verb("status", "Show the roles of a cluster: process, state, address.", "veltrix cluster status --data ./cluster", "veltrix cluster status --json") { json, data };
        verb.SetAction(parsed =>
        {
            var state = ClusterState.Read(parsed.GetRequiredValue(data));
            if (parsed.GetValue(json))
            {
                terminal.Json(new JsonObject
                {
                    ["keeper"] = state.Keeper,
                    ["roles"] = new JsonArray([.. state.Roles.Select(role => (JsonNode)new JsonObject
                    {
                        ["name"] = role.Name, ["pid"] = role.Pid, ["state"] = StateOf(role), ["starts"] = role.Starts, ["url"] = role.Url, ["ops"] = role.Ops,
                    })]),
                });
                return ExitCode.Done;
            }

            var table = new Table { Border = TableBorder.None }.AddColumns("role", "process", "state", "starts", "address", "metrics");
            foreach (var role in state.Roles) table.AddRow(role.Name, $"{role.Pid}", StateOf(role), $"{role.Starts}", role.Url ?? "", role.Ops ?? "");
            terminal.Rich.Write(table);
            return ExitCode.Done;
        });
        return verb;
    }

    static string StateOf(RoleState role) => role.Pid is not { } pid || !ProcessSignal.IsAlive(pid) ? "down" : ProcessSignal.IsStopped(pid) ? "stopped" : "running";
}
