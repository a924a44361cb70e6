using Compat.Adapters.Equivalence;
using Compat.TestSupport;

namespace Compat.Equivalence.Tests.Digits;

/// <summary>The sample in several processes under a real mpirun.</summary>
public sealed class DigitsMpiTests
{
    [MpiTheory]
    [InlineData(2)]
    [InlineData(4)]
    public void All_three_ways_train_the_same_in_every_process(int ranks)
    {
        using TemporaryFolder folder = new();

        MpiRun run = MpiRun.Sample("Digits", ranks, folder.Path, "--launcher", "mpi", "--epochs", "2");

        run.ExitCode.Should().Be(0, run.Output);
        run.Output.Split("All three train the same.").Should().HaveCount(2, "one process reports");
        string work = Path.Combine(folder.Path, "work_dirs", "digits");
        foreach (string way in (string[])["legacy", "migrating", "engine"])
        {
            TrainingTrace first = TrainingTrace.Load(Path.Combine(work, way, "trace.pth"));
            TrainingTrace last = TrainingTrace.Load(Path.Combine(work, $"rank-{ranks - 1}", way, "trace.pth"));
            first.Iterations.Should().HaveCount(2 * (int)Math.Ceiling(Math.Ceiling(1438.0 / ranks) / 64));
            TraceComparison between = TraceComparison.Of(first, last, new());
            between.VerdictOn(Observation.Weights)!.Agrees.Should().BeTrue("the gradients are averaged");
            between.VerdictOn(Observation.Batch)!.Agrees.Should().BeFalse("each process has its share of the data");
        }
    }

    [MpiFact]
    public void A_difference_is_found_in_several_processes_too()
    {
        using TemporaryFolder folder = new();

        MpiRun run = MpiRun.Sample("Digits", 2, folder.Path, "--launcher", "mpi", "--epochs", "1", "--break-it");

        run.ExitCode.Should().NotBe(0);
        run.Output.Should().Contain("They do NOT train the same.");
    }
}
