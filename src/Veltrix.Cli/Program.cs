using Veltrix.Cli;

using var signals = new Signals();
signals.EndWithKeeper(Console.In);
var code = await Entry.Run(args, Terminal.OfProcess(), signals.Cancel);
return signals.ExitCode ?? code;
