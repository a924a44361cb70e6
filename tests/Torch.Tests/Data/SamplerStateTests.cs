using Compat.Torch.Data;
using Compat.Torch.Randomness;

namespace Compat.Torch.Tests.Data;

public sealed class SamplerStateTests
{
    private static readonly NumberDataset Nine = new(9);

    public static TheoryData<string> Names => [.. Makers.Keys];

    // A sampler made anew gets another seed where it can, so that only the state can bring the order back.
    private static Dictionary<string, Func<long, Sampler>> Makers { get; } = new()
    {
        ["sequential"] = _ => new SequentialSampler(Nine),
        ["default"] = seed => new DefaultSampler(Nine, seed: seed),
        ["default, rank 1 of 2"] = seed => new DefaultSampler(Nine, seed: seed, process: new(1, 2)),
        ["random"] = _ => new RandomSampler(Nine),
        ["random with replacement"] = _ => new RandomSampler(Nine, replacement: true, numSamples: 70),
        ["infinite"] = seed => new InfiniteSampler(Nine, seed: seed),
        ["infinite in order"] = seed => new InfiniteSampler(Nine, shuffle: false, seed: seed),
        ["infinite, rank 2 of 3"] = seed => new InfiniteSampler(Nine, seed: seed, process: new(2, 3)),
    };

    [Theory]
    [MemberData(nameof(Names))]
    public void Another_sampler_goes_on_from_wherever_the_state_was_taken(string name)
    {
        foreach (int taken in new[] { 1, 2, 4 })
        {
            Sampler sampler = Makers[name](5);
            sampler.SetEpoch(2);
            int[] expected = [];
            SamplerState state = default;
            using (IEnumerator<int> pass = sampler.GetEnumerator())
            {
                Advance(pass, taken);
                state = sampler.SaveState();
                expected = Advance(pass, 12);
            }

            Sampler other = Makers[name](77);
            other.LoadState(state);

            other.Take(12).Should().Equal(expected);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Without_the_state_it_begins_somewhere_else(string name)
    {
        Sampler sampler = Makers[name](5);
        using IEnumerator<int> pass = sampler.GetEnumerator();
        Advance(pass, 2);

        Makers[name](77).Take(9).Should().NotEqual(Advance(pass, 9));
    }

    [Fact]
    public void Only_the_next_pass_goes_on_and_the_one_after_it_is_whole()
    {
        SequentialSampler sampler = new(new NumberDataset(4));

        sampler.LoadState(new SamplerState(Position: 3));

        sampler.ToArray().Should().Equal(3);
        sampler.ToArray().Should().Equal(0, 1, 2, 3);
    }

    [Fact]
    public void Between_passes_the_state_is_that_of_a_new_pass()
    {
        TorchSeed.Set(1);
        RandomSampler sampler = new(Nine);
        _ = sampler.ToArray();

        sampler.SaveState().Should().Be(new SamplerState(0));
        using (IEnumerator<int> abandoned = sampler.GetEnumerator())
        {
            Advance(abandoned, 3);
            sampler.SaveState().Position.Should().Be(3);
        }

        sampler.SaveState().Should().Be(new SamplerState(0));
    }

    [Fact]
    public void A_state_before_the_first_index_is_that_of_the_beginning()
    {
        using InfiniteSampler sampler = new(Nine, seed: 5);
        SamplerState state = sampler.SaveState();
        using InfiniteSampler other = new(Nine, seed: 6);

        other.LoadState(state);

        other.Take(20).Should().Equal(sampler.Take(20));
    }

    [Fact]
    public void A_state_that_does_not_fit_is_refused_and_changes_nothing()
    {
        SequentialSampler sampler = new(new NumberDataset(4));
        using InfiniteSampler shuffled = new(Nine, seed: 1);
        using InfiniteSampler expected = new(Nine, seed: 1);
        Action tooFar = () => sampler.LoadState(new SamplerState(5));
        Action negative = () => sampler.LoadState(new SamplerState(-1));
        Action noGenerator = () => shuffled.LoadState(new SamplerState(2));
        Action noSeed = () => new RandomSampler(Nine).LoadState(new SamplerState(2));
        SamplerState good = shuffled.SaveState();
        Action endless = () => shuffled.LoadState(good with { Position = 2_000_000_000 });
        Action justTooFar = () => shuffled.LoadState(good with { Position = 10 });
        Action epoch = () => new DefaultSampler(Nine, seed: 1).LoadState(new SamplerState(0, Epoch: -1));
        Action noState = () => shuffled.LoadState(new SamplerState(2, Generator: new byte[10]));

        tooFar.Should().Throw<ArgumentException>().WithMessage("The state stands at sample 5 of a pass that has 4. Load the state of a sampler over the same data, or begin the pass anew.*");
        negative.Should().Throw<ArgumentException>();
        noGenerator.Should().Throw<ArgumentException>().WithMessage("The state is not that of an InfiniteSampler that shuffles.*");
        noState.Should().Throw<ArgumentException>();
        endless.Should().Throw<ArgumentException>().WithMessage(
            "The state stands at place 2000000000 of a round of 9 samples; it must be from 0 to 9. Load the state of a sampler over the same data, or begin anew.*");
        justTooFar.Should().Throw<ArgumentException>();
        epoch.Should().Throw<ArgumentException>().WithMessage("The state is of epoch -1; it must be at least 0.*");
        noSeed.Should().Throw<ArgumentException>().WithMessage("The state stands at sample 2 of an order whose seed it lacks. Load the state of a RandomSampler.*");
        sampler.ToArray().Should().Equal(0, 1, 2, 3);
        shuffled.Take(20).Should().Equal(expected.Take(20));
    }

    private static int[] Advance(IEnumerator<int> pass, int count)
    {
        List<int> indices = [];
        while (indices.Count < count && pass.MoveNext())
        {
            indices.Add(pass.Current);
        }

        return [.. indices];
    }
}
