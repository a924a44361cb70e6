using Compat.Torch.Logging;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace Compat.Torch.Tests.Logging;

public sealed class LineLoggerTests
{
    private static readonly DateTimeOffset Start = new(2024, 3, 5, 6, 7, 8, 9, TimeSpan.Zero);

    [Theory]
    [InlineData(LogLevel.Information, "INFO")]
    [InlineData(LogLevel.Warning, "WARNING")]
    [InlineData(LogLevel.Error, "ERROR")]
    [InlineData(LogLevel.Critical, "CRITICAL")]
    public void A_line_has_time_name_level_and_message(LogLevel level, string word)
    {
        using StringWriter writer = new();
        LineLogger logger = new("engine", [writer], time: new FakeTimeProvider(Start));

        Write(logger, level, "hello");

        writer.ToString().Should().Be($"2024-03-05 06:07:08,009 - engine - {word} - hello{Environment.NewLine}");
    }

    [Fact]
    public void Every_writer_gets_every_line_at_once()
    {
        using MemoryStream stream = new();
        using StreamWriter file = new(stream);
        using StringWriter console = new();
        LineLogger logger = new("engine", [console, file], time: new FakeTimeProvider(Start));

        Write(logger, LogLevel.Information, "hello");

        console.ToString().Should().EndWith("hello" + Environment.NewLine);
        stream.Length.Should().Be(console.ToString().Length);
    }

    [Fact]
    public void Lines_below_the_level_are_left_out()
    {
        using StringWriter writer = new();
        LineLogger logger = new("engine", [writer], LogLevel.Warning);

        Write(logger, LogLevel.Information, "quiet");
        Write(logger, LogLevel.Warning, "loud");

        writer.ToString().Should().Contain("loud").And.NotContain("quiet");
        logger.IsEnabled(LogLevel.Information).Should().BeFalse();
        logger.IsEnabled(LogLevel.Warning).Should().BeTrue();
        logger.IsEnabled(LogLevel.None).Should().BeFalse();
    }

    [Fact]
    public void Debug_lines_are_left_out_by_default()
    {
        using StringWriter writer = new();

        Write(new LineLogger("engine", [writer]), LogLevel.Debug, "quiet");

        writer.ToString().Should().BeEmpty();
    }

    [Fact]
    public void An_exception_follows_its_line()
    {
        using StringWriter writer = new();
        LineLogger logger = new("engine", [writer], time: new FakeTimeProvider(Start));

        logger.Log(LogLevel.Error, default, "state", new InvalidOperationException("broken"), (state, _) => state);

        writer.ToString().Split(Environment.NewLine)[1].Should().Be("System.InvalidOperationException: broken");
    }

    [Fact]
    public void There_are_no_scopes() => new LineLogger("engine", []).BeginScope("scope").Should().BeNull();

    [Fact]
    public void Null_is_refused()
    {
        Action act = () => new LineLogger("engine", []).Log(LogLevel.Error, default, "state", null, null!);

        act.Should().Throw<ArgumentNullException>().WithParameterName("formatter");
    }

    private static void Write(LineLogger logger, LogLevel level, string text) => logger.Log(level, default, text, null, (state, _) => state);
}
