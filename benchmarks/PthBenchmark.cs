using System.Diagnostics;
using System.Globalization;
using Compat.Torch.Serialization;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Benchmarks;

/// <summary>Writes or reads a large .pth file and says how much memory that took beyond the tensors. One process does one of them, since peaks never go down.</summary>
internal static class PthBenchmark
{
    public const string Usage = """
        Usage: dotnet run -c Release --project benchmarks -- pth write FILE [MIB]
               dotnet run -c Release --project benchmarks -- pth read FILE [unchecked]

        Writes a file with 16 tensors of MIB mebibytes in all (default 1024), or reads it, with or without looking at its checksums, and prints the time and the peak of the memory.
        """;

    /// <exception cref="ArgumentException">The arguments are not as the usage says.</exception>
    public static void Run(string[] arguments)
    {
        switch (arguments)
        {
            case ["write", string path]: Write(path, 1024); break;
            case ["write", string path, string text] when int.TryParse(text, CultureInfo.InvariantCulture, out int size) && size > 0: Write(path, size); break;
            case ["read", string path]: Read(path, new PthReadOptions()); break;
            case ["read", string path, "unchecked"]: Read(path, new PthReadOptions { IgnoreChecksums = true }); break;
            default: throw new ArgumentException($"pth takes 'write FILE [MIB]' or 'read FILE [unchecked]', not '{string.Join(' ', arguments)}'.\n\n{Usage}");
        }
    }

    private static void Write(string path, int mebibytes)
    {
        using DisposeScope scope = NewDisposeScope();
        PthDict weights = [];
        for (int i = 0; i < 16; i++)
        {
            weights[$"layer{i}.weight"] = new PthTensor(full([mebibytes * 16384L], i, ScalarType.Float32));
        }

        Measure("write", () => PthFile.Write(path, weights));
    }

    private static void Read(string path, PthReadOptions options) => Measure("read", () =>
    {
        using PthFile file = PthFile.Read(path, options);
        long bytes = ((PthDict)file.Root).Select(entry => ((PthTensor)entry.Value).Value).Sum(tensor => tensor.numel() * tensor.element_size());
        Console.WriteLine($"tensors {Mebibytes(bytes)}");
    });

    private static void Measure(string what, Action run)
    {
        long before = Peak();
        long start = Stopwatch.GetTimestamp();
        run();
        string seconds = Stopwatch.GetElapsedTime(start).TotalSeconds.ToString("F1", CultureInfo.InvariantCulture);
        Console.WriteLine($"{what}: {seconds} s, peak of memory {Mebibytes(before)} before, {Mebibytes(Peak())} after");
    }

    private static long Peak()
    {
        using Process process = Process.GetCurrentProcess();
        return process.PeakWorkingSet64;
    }

    private static string Mebibytes(long bytes) => $"{bytes >> 20} MiB";
}
