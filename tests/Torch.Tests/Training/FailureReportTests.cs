using Compat.TestSupport;
using Compat.Torch.Data;
using Compat.Torch.Training;
using Microsoft.Extensions.Logging;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Torch.Tests.Training;

public sealed class FailureReportTests
{
    private readonly ListLogger logger = new();

    [Fact]
    public void A_line_says_where_the_run_stood_and_the_same_exception_goes_on()
    {
        using DisposeScope outer = NewDisposeScope();
        NamedBatch? batch = null;
        FailureReport report = new(logger, () => Context with { Step = "step", Batch = batch });
        FormatException thrown = new("bad");

        IEnumerable<int> Iterations()
        {
            yield return 1;
            Fail();
        }

        void Fail()
        {
            using DisposeScope iteration = NewDisposeScope();
            batch = new(KeyValuePair.Create("img", ones(2, 3, dtype: ScalarType.Float64)), KeyValuePair.Create("label", ones(2, dtype: ScalarType.Int32)));
            throw thrown;
        }

        List<int> seen = [];
        Action run = () => seen.AddRange(report.Watch(Iterations()));

        run.Should().Throw<FormatException>().Which.Should().BeSameAs(thrown);
        thrown.StackTrace.Should().Contain(nameof(Fail));
        batch!["img"].IsInvalid.Should().BeTrue();
        logger.Ours.Should().Equal(
            (9060,
            "Stopped by FormatException: side engine, model Net, epoch 1 and iteration 14 (counted from 0), stage step. "
            + "The batch is a NamedBatch: img float64 [2, 3] cpu, label int32 [2] cpu."));
        logger.Levels.Should().Equal(LogLevel.Error);
    }

    [Fact]
    public void Types_and_devices_of_the_models_parameters_stand_beside_the_batch()
    {
        using DisposeScope scope = NewDisposeScope();
        nn.Module model = nn.Sequential(("a", nn.Linear(1, 1)), ("b", nn.Linear(1, 1).to(ScalarType.Float64)));
        NamedBatch batch = new(KeyValuePair.Create("img", ones(2)));

        new FailureReport(logger, () => Context with { Batch = batch, Module = model }).Log(new FormatException());
        new FailureReport(logger, () => Context with { Module = model }).Log(new FormatException());
        new FailureReport(logger, () => Context with { Batch = batch, Module = nn.ReLU() }).Log(new FormatException());

        logger.Lines[0].Should().EndWith("The batch is a NamedBatch: img float32 [2] cpu. The model's parameters are float32 cpu, float64 cpu.");
        logger.Lines[1].Should().EndWith("stage between iterations.");
        logger.Lines[2].Should().EndWith("img float32 [2] cpu.");
    }

    [Fact]
    public void An_exception_outside_of_iterations_is_reported_too()
    {
        FormatException thrown = new();
        FailureReport report = new(logger, () => Context with { Hook = "MyHook at BeforeRun" });
        int done = 0;

        Action run = () => report.Watch(() => throw thrown);
        report.Watch(() => done++);

        run.Should().Throw<FormatException>().Which.Should().BeSameAs(thrown);
        done.Should().Be(1);
        logger.Lines.Should().ContainSingle().Which.Should().EndWith("stage hook MyHook at BeforeRun.");
    }

    [Fact]
    public void Without_an_exception_iterations_pass_one_for_one_and_nothing_is_asked()
    {
        FailureReport report = new(logger, () => throw new InvalidOperationException("asked"));

        report.Watch(Enumerable.Range(0, 5)).Should().Equal(0, 1, 2, 3, 4);
        report.Watch(Enumerable.Range(0, 5)).Take(2).Should().Equal(0, 1);

        logger.Lines.Should().BeEmpty();
    }

    [Fact]
    public void An_exception_is_reported_once_by_the_innermost()
    {
        FailureReport inner = new(logger, () => Context with { Model = "Inner" });
        FailureReport outer = new(logger, () => Context with { Model = "Outer" });

        Action run = () => outer.Watch(inner.Watch(Throwing(new FormatException()))).Count();

        run.Should().Throw<FormatException>();
        logger.Lines.Should().Equal(
            "Stopped by FormatException: side engine, model Inner, epoch 1 and iteration 14 (counted from 0), stage between iterations.");
    }

    [Fact]
    public void Two_exceptions_are_two_lines()
    {
        FailureReport report = new(logger, () => Context);

        for (int i = 0; i < 2; i++)
        {
            Action run = () => report.Watch(Throwing(new FormatException())).Count();
            run.Should().Throw<FormatException>();
        }

        logger.Lines.Should().HaveCount(2);
    }

    [Theory]
    [InlineData(null, null, "step")]
    [InlineData("backward", null, "backward")]
    [InlineData(null, "LoggerHook at AfterTrainIter", "hook LoggerHook at AfterTrainIter")]
    [InlineData("update", "OptimizerHook at AfterTrainIter", "update in hook OptimizerHook at AfterTrainIter")]
    public void The_stage_is_the_part_that_was_noted_and_the_hook(string? mark, string? hook, string stage)
    {
        FormatException thrown = new();
        if (mark is not null)
        {
            StepFailure.Mark(thrown, mark).Should().BeFalse();
            StepFailure.Mark(thrown, "an outer part").Should().BeFalse();
        }

        new FailureReport(logger, () => Context with { Step = "step", Hook = hook }).Log(thrown).Should().BeFalse();

        logger.Lines.Should().ContainSingle().Which.Should().EndWith($"(counted from 0), stage {stage}.");
    }

    [Fact]
    public void A_batch_whose_fields_throw_does_not_break_the_report()
    {
        new FailureReport(logger, () => Context with { Batch = new Broken() }).Log(new FormatException());

        logger.Lines.Should().ContainSingle().Which.Should().EndWith("The batch is a Broken, whose fields cannot be read (NotSupportedException).");
    }

    private static FailureContext Context => new() { Side = "engine", Model = "Net", Epoch = 1, Iteration = 14 };

    private static IEnumerable<int> Throwing(Exception exception)
    {
        yield return 0;
        throw exception;
    }

    private sealed record Broken : DataBatch
    {
        public override IReadOnlyList<Tensor> Tensors => throw new NotSupportedException();
    }
}
