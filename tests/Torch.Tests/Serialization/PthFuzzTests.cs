using Compat.TestSupport;
using Compat.Torch.Serialization;

namespace Compat.Torch.Tests.Serialization;

/// <summary>Valid files with a few bytes changed: either there is a clean exception, or they still read; what has checksums then reads exactly as before.</summary>
public sealed class PthFuzzTests
{
    private const int MutationsPerFile = 300;
    private const long AllowedGrowth = 64 << 20;

    public static TheoryData<string> Files => [.. Directory.EnumerateFiles(GoldenFile.PathOf("checkpoints"), "*.pth").Select(path => Path.GetFileName(path)).Order()];

    [Theory]
    [MemberData(nameof(Files))]
    public void A_mutated_file_reads_as_before_or_is_refused_cleanly(string name)
    {
        byte[] valid = File.ReadAllBytes(Path.Combine(GoldenFile.PathOf("checkpoints"), name));
        bool hasChecksums = valid.AsSpan().StartsWith("PK"u8);
        string digest = Digest(valid, new PthReadOptions())!;
        Random random = new(name.Length);
        long before = GC.GetTotalMemory(forceFullCollection: true);
        int refused = 0;
        for (int i = 0; i < MutationsPerFile; i++)
        {
            string? read = Digest(Mutate(valid, random), new PthReadOptions());
            refused += read is null ? 1 : 0;
            (read is null || !hasChecksums || read == digest).Should().BeTrue("a file that has changed must not read as another");
        }

        refused.Should().BePositive("some changes hit what matters");
        (GC.GetTotalMemory(forceFullCollection: true) - before).Should().BeLessThan(AllowedGrowth);
    }

    [Fact]
    public void Without_checksums_changes_go_unseen()
    {
        byte[] valid = File.ReadAllBytes(Path.Combine(GoldenFile.PathOf("checkpoints"), "mmcv_adam_zip.pth"));
        PthReadOptions options = new() { IgnoreChecksums = true };
        string digest = Digest(valid, options)!;
        Random random = new(1);

        Enumerable.Range(0, MutationsPerFile).Count(_ => Digest(Mutate(valid, random), options) is string read && read != digest)
            .Should().BePositive("or the comparison above could not fail");
    }

    private static string? Digest(byte[] bytes, PthReadOptions options)
    {
        using MemoryStream stream = new(bytes);
        try
        {
            using PthFile file = PthFile.Read(stream, options);
            return PthDigest.Of(file.Root);
        }
        catch (PthException)
        {
            return null;
        }
    }

    private static byte[] Mutate(byte[] valid, Random random)
    {
        byte[] bytes = [.. valid];
        switch (random.Next(5))
        {
            case 0:
                return bytes[..random.Next(bytes.Length)];
            case 1:
                random.NextBytes(bytes.AsSpan(random.Next(bytes.Length - 8), random.Next(1, 8)));
                return bytes;
            case 2:
                bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
                return bytes;
            case 3:
                return Swapped(bytes, random);
            default:
                for (int i = random.Next(1, 6); i > 0; i--)
                {
                    bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
                }

                return bytes;
        }
    }

    private static byte[] Swapped(byte[] bytes, Random random)
    {
        int size = random.Next(1, bytes.Length / 8);
        int first = random.Next((bytes.Length / 2) - size);
        int second = (bytes.Length / 2) + random.Next((bytes.Length / 2) - size);
        byte[] kept = bytes[first..(first + size)];
        bytes.AsSpan(second, size).CopyTo(bytes.AsSpan(first));
        kept.CopyTo(bytes.AsSpan(second));
        return bytes;
    }
}
