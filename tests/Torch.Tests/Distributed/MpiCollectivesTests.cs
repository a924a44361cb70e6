using Compat.TestSupport;
using Compat.Torch.Distributed;

namespace Compat.Torch.Tests.Distributed;

/// <summary>The cases are in <c>tests/Mpi.Ranks/CollectivesCases.cs</c>; the ranks are started once for all of them.</summary>
public sealed class MpiCollectivesTests : RankCaseTests<MpiCollectivesTests>, IRankCases
{
    public static string Group => "collectives";

    public static IReadOnlyList<string> Names { get; } =
    [
        "Large_tensors_add_up_exactly",
        "Every_type_adds_up",
        "Half_types_add_up_in_single_precision",
        "The_mean_the_largest_and_the_smallest_are_found",
        "A_tensor_that_is_not_contiguous_is_reduced_in_place",
        "Parameters_are_reduced_without_autograd",
        "Everybody_gets_the_tensor_of_the_source",
        "Tensors_are_gathered_in_the_order_of_the_ranks",
        "Blocks_of_bytes_may_have_different_lengths",
        "What_cannot_be_reduced_is_refused_with_the_cure",
        "All_start_the_same_collectives_once",
        "Ranks_find_out_whether_all_have_failed",
    ];

    [MpiFact]
    public void MPI_is_finalised_when_the_processes_exit() => MpiRun.Of(Group, 2).ExitCode.Should().Be(0);

    [MpiTheory]
    [InlineData("failing")]
    [InlineData("failing_return")]
    public void A_rank_that_exits_alone_ends_the_others(string group) =>
        MpiRun.Of(group, 2).ShouldHaveFailed("Process 1 of 2 ends all processes: it exits with code 3, and the others do not.");

    [MpiFact]
    public void One_process_without_mpirun_is_alone()
    {
        MpiRun run = MpiRun.Alone("alone");
        run.ShouldHavePassed("There_is_one_process");
        run.ExitCode.Should().Be(0, run.Output);
    }

    [MpiFact]
    public void Processes_that_another_mpi_has_started_are_refused()
    {
        MpiRun run = MpiRun.Alone("alone", ("PMI_SIZE", "2"));
        run.ExitCode.Should().NotBe(0);
        run.Output.Should().Match("*2 processes were started, but for * this one is alone: the mpirun that started them is that of another MPI. Start them with *");
    }

    [Fact]
    public void A_missing_library_is_named_with_what_to_install()
    {
        Action load = () => MpiLibrary.Load(["libnothing-like-this.so.1"]);
        load.Should().Throw<DllNotFoundException>().WithMessage(
            "No MPI library was found; looked for libnothing-like-this.so.1. Install Open MPI (apt-get install openmpi-bin) or MPICH (apt-get install mpich), or "
            + "leave Launcher out to train with one process.");
    }
}
