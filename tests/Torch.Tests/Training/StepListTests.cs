using Compat.Torch.Training;

namespace Compat.Torch.Tests.Training;

public sealed class StepListTests
{
    [Theory]
    [InlineData]
    [InlineData(3)]
    [InlineData(1, 2, 2, 5)]
    public void Steps_that_do_not_decrease_are_taken(params int[] steps)
    {
        Action act = () => StepList.Check(steps, "Milestones");

        act.Should().NotThrow();
    }

    [Fact]
    public void A_step_smaller_than_the_one_before_is_refused_with_the_list_to_write()
    {
        Action act = () => StepList.Check([2, 8, 3, 1], "Milestones");

        act.Should().Throw<ArgumentException>().WithParameterName("Milestones").WithMessage(
            "Milestones is [2, 8, 3, 1]; 3 comes after 8, but the steps must not decrease. Write [1, 2, 3, 8].*");
    }

    [Fact]
    public void Null_is_refused()
    {
        Action act = () => StepList.Check(null!, "Milestones");

        act.Should().Throw<ArgumentNullException>().WithParameterName("steps");
    }
}
