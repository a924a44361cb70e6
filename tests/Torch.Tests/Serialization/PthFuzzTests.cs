using Compat.TestSupport;
using Compat.Torch.Serialization;

namespace Compat.Torch.Tests.Serialization;

/// <summary>Valid files with a few bytes changed: either they still read, or there is a clean exception.</summary>
public sealed class PthFuzzTests
{
    private const int MutationsPerFile = 300;
    private const long AllowedGrowth = 64 << 20;

    public static TheoryData<string> Files => [.. Directory.EnumerateFiles(GoldenFile.PathOf("checkpoints"), "*.pth").Select(path => Path.GetFileName(path)).Order()];

    [Theory]
    [MemberData(nameof(Files))]
    public void A_mutated_file_reads_or_is_refused_cleanly(string name)
    {
        byte[] valid = File.ReadAllBytes(Path.Combine(GoldenFile.PathOf("checkpoints"), name));
        Random random = new(name.Length);
        using TemporaryFolder folder = new();
        string path = folder.File("mutated.pth");
        long before = GC.GetTotalMemory(forceFullCollection: true);
        int refused = 0;
        for (int i = 0; i < MutationsPerFile; i++)
        {
            File.WriteAllBytes(path, Mutate(valid, random));
            try
            {
                PthFile.Read(path).Dispose();
            }
            catch (PthException)
            {
                refused++;
            }
        }

        refused.Should().BePositive("some changes hit what matters");
        (GC.GetTotalMemory(forceFullCollection: true) - before).Should().BeLessThan(AllowedGrowth);
    }

    private static byte[] Mutate(byte[] valid, Random random)
    {
        byte[] bytes = [.. valid];
        switch (random.Next(3))
        {
            case 0:
                return bytes[..random.Next(bytes.Length)];
            case 1:
                int from = random.Next(bytes.Length - 8);
                random.NextBytes(bytes.AsSpan(from, random.Next(1, 8)));
                return bytes;
            default:
                for (int i = random.Next(1, 6); i > 0; i--)
                {
                    bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
                }

                return bytes;
        }
    }
}
