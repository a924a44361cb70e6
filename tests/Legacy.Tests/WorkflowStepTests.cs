namespace Compat.Legacy.Tests;

public sealed class WorkflowStepTests
{
    [Fact]
    public void It_is_made_of_a_pair_and_printed_as_python_prints_it()
    {
        WorkflowStep step = ("train", 2);

        step.Should().Be(new WorkflowStep("train", 2)).And.Be(WorkflowStep.FromValueTuple(("train", 2)));
        step.Should().NotBe(new WorkflowStep("val", 2));
        step.ToString().Should().Be("('train', 2)");
    }
}
