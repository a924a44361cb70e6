using Compat.TestSupport;
using Compat.Torch.Serialization;

namespace Compat.Torch.Tests.Serialization;

/// <summary>Files that were made to harm: each is read, or refused with its cause, within what its size allows.</summary>
public sealed class PthHostileFilesTests
{
    // Far more than any takes; it only ends what hangs.
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    // What is allocated when the budget is at its end: the exceptions and their texts.
    private const long Messages = 1 << 20;

    public static TheoryData<string> Names => [.. HostileFiles.All.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_hostile_file_is_read_or_refused_within_its_budget(string name)
    {
        (Func<byte[]> make, string? cause) = HostileFiles.All[name];
        byte[] file = make();
        Outcome outcome = default;
        Thread reader = new(() => outcome = Read(file)) { IsBackground = true };

        reader.Start();

        reader.Join(Limit).Should().BeTrue("reading must end");
        outcome.Failure.Should().BeNull();
        (outcome.Message ?? "was read").Should().Match(cause ?? "was read");
        outcome.Budget.StorageBytes.Should().BeLessThanOrEqualTo(file.Length);
        outcome.Allocated.Should().BeLessThan(outcome.Budget.Limit + Messages, "all that is allocated is charged, and garbage is little");
    }

    [Fact]
    public void What_shares_its_parts_is_written_back_as_small_as_it_was()
    {
        using MemoryStream small = new(HostileFiles.All["lists that hold the one before twice"].Make());
        using PthFile file = PthFile.Read(small);
        using MemoryStream written = new();

        PthFile.Write(written, file.Root);

        written.Length.Should().BeLessThan(2 * small.Length + 1000);
        written.Position = 0;
        using PthFile again = PthFile.Read(written);
        PthSequence root = (PthSequence)again.Root;
        root.Items[0].Should().BeSameAs(root.Items[1]);
    }

    [Fact]
    public void Golden_files_take_less_than_a_tenth_of_their_budget()
    {
        foreach (string path in Directory.EnumerateFiles(GoldenFile.PathOf("checkpoints"), "*.pth"))
        {
            ShareOfBudget(File.ReadAllBytes(path)).Should().BeLessThan(0.1, path);
        }
    }

    [Fact]
    public void An_optimizer_of_100_000_parameters_takes_less_than_half_of_its_budget()
    {
        PthDict state = [];
        for (int i = 0; i < 100_000; i++)
        {
            state.Set(i, new PthDict { ["step"] = 1000, ["mean"] = 0.5, ["betas"] = PthSequence.Tuple(0.9, 0.999) });
        }

        using MemoryStream stream = new();
        PthFile.Write(stream, new PthDict { ["state"] = state, ["params"] = PthSequence.List(Enumerable.Range(0, 100_000).Select(i => new PthInteger(i))) });

        ShareOfBudget(stream.ToArray()).Should().BeLessThan(0.5);
    }

    /// <summary>The older format spends the fewest bytes on a tensor, so its share is the largest.</summary>
    [PythonFact]
    public void Adam_of_30_000_parameters_in_the_older_format_takes_less_than_half_of_its_budget()
    {
        using TemporaryFolder folder = new();
        PythonFactAttribute.Run(
            """
            import sys, torch
            state = {i: {'step': torch.tensor(float(i)), 'exp_avg': torch.ones(1), 'exp_avg_sq': torch.ones(1)} for i in range(30000)}
            torch.save({'state': state, 'param_groups': [{'lr': 0.1, 'params': list(range(30000))}]}, sys.argv[1], _use_new_zipfile_serialization=False)
            """,
            folder.File("adam.pth"));

        ShareOfBudget(File.ReadAllBytes(folder.File("adam.pth"))).Should().BeLessThan(0.5);
    }

    private static double ShareOfBudget(byte[] bytes)
    {
        ReadBudget budget = new(bytes.Length);
        using MemoryStream stream = new(bytes);
        PthFile.Read(stream, "it", new PthReadOptions(), budget).Dispose();
        return (double)budget.Bytes / budget.Limit;
    }

    private static Outcome Read(byte[] bytes)
    {
        ReadBudget budget = new(bytes.Length);
        using MemoryStream stream = new(bytes);
        long before = GC.GetAllocatedBytesForCurrentThread();
        string? message = null;
        Exception? failure = null;
        try
        {
            PthFile.Read(stream, "It", new PthReadOptions(), budget).Dispose();
        }
        catch (PthException exception)
        {
            message = exception.Message;
        }
#pragma warning disable CA1031 // the thread must not take the process down; the test fails with what it was
        catch (Exception exception)
        {
            failure = exception;
        }
#pragma warning restore CA1031

        return new Outcome(budget, GC.GetAllocatedBytesForCurrentThread() - before, message, failure);
    }

    private readonly record struct Outcome(ReadBudget Budget, long Allocated, string? Message, Exception? Failure);
}
