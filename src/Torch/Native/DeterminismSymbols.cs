namespace Compat.Torch.Native;

/// <summary>libtorch's switches for deterministic algorithms, members of its one context. They hold for the process.</summary>
internal static unsafe class DeterminismSymbols
{
    public static SymbolTable Table { get; } = new(
        "torch_cpu",
        "The deterministic switch",
        "It is there in the Linux builds of libtorch 2.10; elsewhere seed the run and expect small differences between runs.",
        "_ZN2at13globalContextEv",
        "_ZN2at7Context26setDeterministicAlgorithmsEbb",
        "_ZNK2at7Context23deterministicAlgorithmsEv",
        "_ZNK2at7Context31deterministicAlgorithmsWarnOnlyEv",
        "_ZN2at7Context21setDeterministicCuDNNEb",
        "_ZNK2at7Context18deterministicCuDNNEv",
        "_ZN2at7Context17setBenchmarkCuDNNEb",
        "_ZNK2at7Context14benchmarkCuDNNEv");

    public static bool Algorithms => Get(2);

    public static bool WarnOnly => Get(3);

    public static bool CuDnn => Get(5);

    public static bool CuDnnBenchmark => Get(7);

    private static nint Context => ((delegate* unmanaged<nint>)Table[0])();

    public static void SetAlgorithms(bool deterministic, bool warnOnly) =>
        ((delegate* unmanaged<nint, byte, byte, void>)Table[1])(Context, Byte(deterministic), Byte(warnOnly));

    public static void SetCuDnn(bool deterministic) => ((delegate* unmanaged<nint, byte, void>)Table[4])(Context, Byte(deterministic));

    public static void SetCuDnnBenchmark(bool benchmark) => ((delegate* unmanaged<nint, byte, void>)Table[6])(Context, Byte(benchmark));

    private static bool Get(int place) => ((delegate* unmanaged<nint, byte>)Table[place])(Context) != 0;

    private static byte Byte(bool value) => value ? (byte)1 : (byte)0;
}
