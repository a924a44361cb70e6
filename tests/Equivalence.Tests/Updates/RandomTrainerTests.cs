using Compat.Adapters.Diagnostics;
using Compat.Adapters.Optim;

namespace Compat.Equivalence.Tests.Updates;

/// <summary>Old trainers that numbers make up: run the old way, and on the engine with the hook kept and translated.</summary>
public sealed class RandomTrainerTests
{
    public static TheoryData<int> Numbers => [.. Enumerable.Range(0, 60)];

    [Theory]
    [MemberData(nameof(Numbers))]
    public void Whatever_the_trainer_hooks_see_the_same_on_the_engine_to_the_last_bit(int number)
    {
        using RandomTrainer legacy = new RandomTrainer(number).Run();

        legacy.Seen.Should().NotBeEmpty();
        foreach (Optimization optimization in Enum.GetValues<Optimization>())
        {
            using RandomTrainer engine = new(number);
            if (optimization == Optimization.Translate && engine.IsNotTranslated)
            {
                engine.Invoking(trainer => trainer.RunOnEngine(optimization)).Should().Throw<CompatException>().WithMessage("COMPAT0208*");
                continue;
            }

            engine.RunOnEngine(optimization);
            engine.Seen.Should().Equal(legacy.Seen, "the update is {0}", optimization);
        }
    }

    [Fact]
    public void Another_trainer_sees_something_else()
    {
        using RandomTrainer one = new RandomTrainer(3).Run();
        using RandomTrainer other = new RandomTrainer(4).Run();

        one.Seen.Should().NotEqual(other.Seen);
    }

    [Fact]
    public void The_numbers_make_up_both_kinds_of_runners()
    {
        RandomTrainer[] trainers = [.. Enumerable.Range(0, 60).Select(number => new RandomTrainer(number))];

        trainers.Count(trainer => trainer.ByEpoch).Should().BeInRange(15, 45);
        Array.ForEach(trainers, trainer => trainer.Dispose());
    }
}
