using Compat.Adapters.Equivalence;
using Compat.Torch.Randomness;

namespace Compat.Equivalence.Tests.Running;

/// <summary>Two runners live in one process and advance in turn (decision 7).</summary>
public sealed class InterleavedRunnersTests
{
    [Theory]
    [InlineData("legacy", "engine")]
    [InlineData("legacy", "migrating")]
    [InlineData("engine", "engine")]
    public void Two_runners_in_turn_give_the_same_bits_as_each_alone(string first, string second)
    {
        TrainingTrace[] alone = [Alone(first), Alone(second)];
        TrainingTrace[] together = InTurn(first, second, separateStreams: true);

        alone[0].Iterations.Should().HaveCount(60);
        TraceComparison.Of(alone[0], together[0], new ComparisonRules()).Agrees.Should().BeTrue();
        TraceComparison.Of(alone[1], together[1], new ComparisonRules()).Agrees.Should().BeTrue();
    }

    [Fact]
    public void Runners_that_share_one_random_stream_do_not()
    {
        TrainingTrace[] together = InTurn("legacy", "engine", separateStreams: false);

        TraceComparison.Of(Alone("legacy"), together[0], new ComparisonRules()).Agrees.Should().BeFalse();
    }

    [Theory]
    [InlineData("migrating")]
    [InlineData("engine")]
    public void All_ways_agree_with_dropout(string way)
    {
        TraceComparison comparison = TraceComparison.Of(Alone("legacy"), Alone(way), ComparisonRules.LegacyAgainstEngine);

        comparison.FirstDifference.Should().BeNull();
        comparison.Agrees.Should().BeTrue();
    }

    private static TrainingTrace Alone(string way)
    {
        using TestRun run = new(way, epochs: 3);
        foreach (int _ in run.Iterations)
        {
        }

        run.Logger.DoubtsAboutTraining.Should().BeEmpty();
        return run.Recorder.Trace;
    }

    private static TrainingTrace[] InTurn(string first, string second, bool separateStreams)
    {
        using TestRun one = new(first, epochs: 3);
        Stream streamOne = new();
        using TestRun two = new(second, epochs: 3);
        Stream streamTwo = new();
        using IEnumerator<int> a = one.Iterations.GetEnumerator();
        using IEnumerator<int> b = two.Iterations.GetEnumerator();
        bool goesOn = true;
        while (goesOn)
        {
            bool hasFirst = Advance(a, separateStreams ? streamOne : null);
            bool hasSecond = Advance(b, separateStreams ? streamTwo : null);
            goesOn = hasFirst || hasSecond;
        }

        streamOne.Dispose();
        streamTwo.Dispose();
        return [one.Recorder.Trace, two.Recorder.Trace];
    }

    private static bool Advance(IEnumerator<int> run, Stream? stream)
    {
        stream?.Enter();
        bool moved = run.MoveNext();
        stream?.Leave();
        return moved;
    }

    /// <summary>The random stream of one runner, from where it stands when this is made.</summary>
    private sealed class Stream : IDisposable
    {
        private RandomState state = RandomState.Capture();

        public void Enter() => state.Restore();

        public void Leave()
        {
            state.Dispose();
            state = RandomState.Capture();
        }

        public void Dispose() => state.Dispose();
    }
}
