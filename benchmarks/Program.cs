using Compat.Benchmarks;
using Compat.Torch.Native;

try
{
    switch (args)
    {
        case [] or [.., "--help"]:
            Console.WriteLine($"{OverheadOptions.Usage}\n\n{PthBenchmark.Usage}");
            return args.Length == 0 ? 2 : 0;
        case ["overhead", .. string[] options]:
            OverheadBenchmark.Run(OverheadOptions.Parse(options));
            return 0;
        case ["pth", .. string[] arguments]:
            TorchEnvironment.EnsureLoaded();
            PthBenchmark.Run(arguments);
            return 0;
        default:
            throw new ArgumentException($"There is no benchmark '{args[0]}'. Benchmarks: overhead, pth.");
    }
}
catch (Exception exception) when (exception is ArgumentException or IOException or PlatformNotSupportedException)
{
    Console.Error.WriteLine(exception.Message);
    return 2;
}
