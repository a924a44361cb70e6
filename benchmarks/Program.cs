using Compat.Benchmarks;
using Compat.Torch.Native;
using TorchSharp;

try
{
    if (args.Length == 0 || args.Contains("--help"))
    {
        Console.WriteLine(OverheadOptions.Usage);
        return args.Length == 0 ? 2 : 0;
    }

    if (args[0] != "overhead")
    {
        throw new ArgumentException($"There is no benchmark '{args[0]}'. Benchmarks: overhead.");
    }

    OverheadOptions options = OverheadOptions.Parse(args.Skip(1));
    TorchEnvironment.EnsureLoaded();
    torch.set_num_threads(1);
    IReadOnlyList<Sample> samples = OverheadBenchmark.Run(options.Rounds, Console.Error.WriteLine);
    OverheadReport.Print(samples, Console.Out);
    if (options.Json is not null)
    {
        OverheadReport.Write(samples, options.Json);
    }

    return 0;
}
catch (Exception exception) when (exception is ArgumentException or IOException or PlatformNotSupportedException)
{
    Console.Error.WriteLine(exception.Message);
    return 2;
}
