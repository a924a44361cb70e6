using Compat.Torch.Training;

namespace Compat.Torch.Tests.Training;

public sealed class HookRegistryTests
{
    private readonly HookRegistry<string, Point> registry = new();

    private enum Point
    {
        BeforeRun,
        BeforeTrainEpoch,
        AfterRun,
    }

    [Fact]
    public void Hooks_are_ordered_by_priority_then_by_registration()
    {
        Register("normal 1", 50);
        Register("late", 90);
        Register("normal 2", 50);
        Register("early", 10);
        Register("between", 35);
        Register("normal 3", 50);

        registry.All.Should().Equal("early", "between", "normal 1", "normal 2", "normal 3", "late");
        registry.At((int)Point.BeforeRun).ToArray().Should().Equal(registry.All);
    }

    [Fact]
    public void At_a_point_only_those_are_called_that_want_it()
    {
        Register("both", 50, Point.BeforeRun, Point.AfterRun);
        Register("after", 40, Point.AfterRun);

        registry.At((int)Point.BeforeRun).ToArray().Should().Equal("both");
        registry.At((int)Point.AfterRun).ToArray().Should().Equal("after", "both");
        registry.At((int)Point.BeforeTrainEpoch).ToArray().Should().BeEmpty();
    }

    [Fact]
    public void The_priority_of_a_registered_hook_is_known_and_of_another_one_is_not()
    {
        Register("known", 35);

        registry.PriorityOf("known").Should().Be(new HookPriority(35));
        Action act = () => registry.PriorityOf("unknown");
        act.Should().Throw<KeyNotFoundException>().WithMessage("This String is not registered with this runner.");
    }

    [Fact]
    public void The_hook_that_is_being_called_is_known_with_its_point_also_when_one_calls_others()
    {
        Register("outer", 50, Point.BeforeRun);
        Register("inner", 50, Point.AfterRun);
        List<string?> running = [];

        foreach (string hook in registry.At((int)Point.BeforeRun))
        {
            running.Add(registry.Running);
            foreach (string called in registry.At((int)Point.AfterRun))
            {
                running.Add(registry.Running);
            }

            running.Add(registry.Running);
        }

        running.Should().Equal("outer at BeforeRun", "inner at AfterRun", "outer at BeforeRun");
        registry.Running.Should().BeNull();
    }

    [Fact]
    public void A_hook_that_throws_is_no_longer_being_called_afterwards()
    {
        Register("hook", 50, Point.BeforeRun);
        string? seen = null;

        Action call = () =>
        {
            foreach (string hook in registry.At((int)Point.BeforeRun))
            {
                throw new FormatException();
            }
        };
        try
        {
            call();
        }
        catch (FormatException) when ((seen = registry.Running) is not null)
        {
            seen.Should().Be("hook at BeforeRun");
        }

        seen.Should().NotBeNull();
        registry.Running.Should().BeNull();
    }

    [Fact]
    public void The_same_hook_twice_is_refused()
    {
        Register("hook", 50);

        Action act = () => registry.Register("hook", "TimerHook", 50, [Point.BeforeRun]);

        act.Should().Throw<ArgumentException>().WithParameterName("hook")
            .WithMessage("This TimerHook is registered already. Register a new object to have two of them.*");
        registry.All.Should().HaveCount(1);
    }

    [Fact]
    public void Null_is_refused()
    {
        Action act = () => registry.Register(null!, "name", 50, []);

        act.Should().Throw<ArgumentNullException>().WithParameterName("hook");
    }

    [Fact]
    public void The_description_is_that_of_the_originals()
    {
        registry.Register("a", "RuntimeInfoHook", 10, [Point.BeforeRun, Point.AfterRun]);
        registry.Register("b", "MyHook", 35, [Point.BeforeRun]);

        registry.Describe().Should().Be(
            "before_run:\n"
            + "(VERY_HIGH   ) RuntimeInfoHook                    \n"
            + "(35          ) MyHook                             \n"
            + " -------------------- \n"
            + "after_run:\n"
            + "(VERY_HIGH   ) RuntimeInfoHook                    \n"
            + " -------------------- ");
    }

    [Fact]
    public void Only_the_first_points_can_be_described()
    {
        registry.Register("a", "MyHook", 10, [Point.BeforeRun, Point.AfterRun]);

        registry.Describe(count: 1).Should().Be("before_run:\n(VERY_HIGH   ) MyHook                             \n -------------------- ");
    }

    [Fact]
    public void Points_of_several_words_are_described_in_snake_case()
    {
        Register("hook", 50, Point.BeforeTrainEpoch);

        registry.Describe().Should().StartWith("before_train_epoch:\n");
    }

    [Fact]
    public void Without_hooks_there_is_nothing_to_describe() => registry.Describe().Should().BeEmpty();

    private void Register(string hook, int priority, params Point[] points) =>
        registry.Register(hook, hook, priority, points.Length == 0 ? [Point.BeforeRun] : points);
}
