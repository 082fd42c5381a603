using Veltrix.Cli;

using var signals = new Signals();
var code = await Entry.Run(args, Terminal.OfProcess(), signals.Cancel);
return signals.ExitCode ?? code;
